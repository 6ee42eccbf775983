"""The house itself: who may import whom, where each thing is said once, and documents that keep up with the code."""
