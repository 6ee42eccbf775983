"""DOOR 2: the Official Account: its callback, its dialogue, its menu.

Every request is proven to come from WeChat before a handler sees it, and is answered within WeChat's five seconds.
Nothing personal is said before the person has bound the chat to an account, and only masked data after.

May import: ``casework`` (acts), ``templates`` (words), ``domain``, the aiohttp server, ``wechatpy``,
``cryptography``, ``orjson``, ``structlog``.
Never said here: tortoise, SQL, a rule of the law, a name or an openid in a log line.
"""
