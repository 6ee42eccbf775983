"""Handlers by the noun in their URL: each reads nothing itself, calls one act and returns its view."""
