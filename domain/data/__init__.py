"""Reference tables that ship with the rules: divisions with their day, State Council holiday notices.

Read through ``domain.division`` and ``domain.calendar`` only; nothing is imported from here.
"""
