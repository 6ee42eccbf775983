"""DOOR 3: the counter. Clerks at their console, and station systems that report what the police did.

Here live the console's routes, its sessions and forms, the pages put together from views, and the station API. The
door listens on an address of its own, apart from the citizen API.

May import: ``casework`` (acts, views, callers), ``templates`` (words and pages), ``domain``; the aiohttp server, and
pydantic in ``shapes.py``.
Never said here: tables, the WeChat protocol, a rule of the law, now(), the environment, who may read which case.
"""
