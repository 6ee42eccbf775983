"""Reference tables that ship with the rules: divisions with their day, State Council holiday notices, and
what people choose as passwords.

Read through ``domain.division``, ``domain.calendar`` and ``domain.password`` only; nothing is imported from here.
"""
