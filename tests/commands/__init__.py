"""Tests of the command line as people call it: a process of its own."""
