"""THE TABLES: rows, the verbs that read and move them, and their migrations.

One file per noun; a file's functions are the store verbs ``casework`` speaks to. Scarcity is guaranteed here: a move
is one conditional UPDATE whose row count is the verdict, plus a constraint that would stop a bug.

May import: tortoise and its drivers, cryptography and orjson (``columns``), ``domain.terms``.
Never said here: HTTP, openid's meaning, a rule of the law, now(), the environment, a Refusal.
"""

from models.guards import spare_comments

spare_comments()
