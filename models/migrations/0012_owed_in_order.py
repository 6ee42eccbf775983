"""Notices owed are found in the order in which they are due, and claiming them leaves their indexes alone.

On PostgreSQL a page of notices keeps a third for the claim that comes: a row changed where it lies needs no new entry
in any index.
"""

from tortoise import migrations

from models.migrations._operations import ReplaceIndex, on_postgres_only


class Migration(migrations.Migration):
    dependencies = [("models", "0011_invitations")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012
        ReplaceIndex("Notice", before=("status", "due_at"), after=("status", "due_at", "id")),
        on_postgres_only("ALTER TABLE notice SET (fillfactor = 66)"),
    ]
