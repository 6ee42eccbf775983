"""THE ACTS: one verb per step of the work.

Every act makes the same five beats in one unit of work: load, decide (a pure rule), move (compare-and-set), write the
event and the notice owed, return a frozen view. Nothing is sent inside: a notice is a row, the worker is the postman.

May import: ``models`` (store verbs), ``templates`` (words), ``domain`` (rules). Speaks to the outside through the
shapes in ``ports.py`` only. Raises ``domain.refusal.Refusal`` only.
Never said here: HTTP, status, URL, openid formats, errcode, tortoise, redis, ``datetime.now``.
"""
