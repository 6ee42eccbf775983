"""THE CLOCKWORK: what runs by itself: delivering the outbox, warnings, calendars; by wake-up and by the clock.

The database is the truth about what is owed. A wake-up only says "look now"; the sweeps of ``schedule.py`` look anyway,
so a lost wake-up is a delay of seconds. Jobs carry no payload: nothing personal ever stands in Redis.

May import: ``casework`` (acts), ``domain``, ``arq``, ``redis``, ``fakeredis``, ``orjson``, ``structlog``. The only room
that says arq.
Never said here: tortoise, aiohttp, a rule of the law, a citizen's data.
"""
