"""Tests mirror the rooms; they go through the real thing."""
