"""The clockwork, on the embedded queue and, when the environment names one, on a real Redis."""
