"""Migrations, oldest first. Rules (each was paid for): append columns with ``db_default``, never alter or remove one.

- A CHECK belongs into ``Table``: SQLite cannot add one later without copying the table.
- Copying a table (AlterField, RemoveField, AddConstraint on SQLite) loses its indexes and triggers: don't.
- Partial unique indexes and indexes for lookups are RunSQL; the same text serves both databases.
- References are RESTRICT. A new append-only table calls ``append_only``.
- tests/models/test_migrations.py lists every index, CHECK and trigger: extend the list with the migration.
"""
