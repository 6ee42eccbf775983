"""The acts, tried through the acts: a real database, the real rules, an outside that writes down what it is asked."""
