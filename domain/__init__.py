"""THE RULES: what is true without waiting, without a clock and without a table.

Here live the nouns of the work (identity number, division, applicant, checklist, lifecycle …) and, under
``policy/``, the dated rule values with their legal sources. Pure Python.

May import: the standard library and itself; ``yaml`` in ``policy/loader.py`` only, ``chinese_calendar`` in
``calendar.py`` only.
Never said here: async, now(), tortoise, aiohttp, openid, HTTP.
"""
