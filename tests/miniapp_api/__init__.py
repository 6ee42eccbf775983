"""The door over real HTTP: a real database, a sandbox WeChat over real HTTP, and the citizens in front of it."""
