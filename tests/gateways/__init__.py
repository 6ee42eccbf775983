"""The clients against the sandbox over real HTTP, and the sandbox against the facts of the protocols."""
