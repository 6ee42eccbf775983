"""DOOR 4: the command line. What an operator or a curious person asks without a browser, one file per command.

May import: ``casework`` (views, callers, acts), ``templates`` (words), ``domain`` (rules). ``run.py`` parses the first
word, joins what a command needs and hands it over; ``serving`` and ``words`` are what every command shares.
Never said here: HTTP, tortoise, redis, the composition of rooms.
"""
