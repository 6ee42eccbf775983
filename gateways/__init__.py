"""THE OUTSIDE: one file per port through which Tongban reaches somebody else's computer.

Here live the clients of WeChat's server API and of the SMS centre, and under ``sandbox/`` the stand-ins that speak
the same protocols over real HTTP.

May import: ``domain``, the aiohttp client and what it stands on (``yarl``, ``aiohappyeyeballs``), ``wechatpy``,
``cryptography``, ``orjson``, ``structlog``.
Never said here: case, citizen, notice kind, tortoise, arq, jinja2. A gateway carries a message; it never decides
whether one is owed. Openids, phones, codes and tokens never reach a log line or an exception's text.
"""
