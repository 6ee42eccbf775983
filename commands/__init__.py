"""DOOR 4: the command line. What an operator or a curious person asks without a browser, one file per command.

May import: ``casework`` (views, callers, acts), ``templates`` (words), ``domain`` (rules). ``run.py`` parses the first
word and hands the rest over; a command that needs the house joined (serve, migrate …) stays in ``run.py``.
Never said here: HTTP, tortoise, redis, the composition of rooms.
"""
