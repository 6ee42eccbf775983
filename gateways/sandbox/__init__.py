"""The sandbox: a WeChat and an SMS centre that speak the real protocols over real HTTP, on loopback only.

Here live stand-ins for development, tests and journeys: same paths, same errcodes, same pushes as the real thing, and
under ``/sandbox/`` the hands of the people who would hold the phones. State is in memory and ends with the process.

May import: ``domain``, ``gateways``, the aiohttp server and client, ``cryptography``, ``xmltodict``, ``qrcode``.
Never said here: anything of our own tables, acts or words. The sandbox knows WeChat, not Tongban.
"""
