"""The public keys of acceptance points, to which offline passes are encrypted."""

from tortoise import fields, migrations

from models.columns import UtcDatetime
from models.migrations._operations import CreateTables, Table, refers


class Migration(migrations.Migration):
    dependencies = [("models", "0005_announcements")]  # noqa: RUF012 — Tortoise's own form
    operations = [  # noqa: RUF012
        CreateTables(
            Table(
                name="PointKey",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("point", "models.AcceptancePoint", "keys"),
                    ("key_id", fields.CharField(unique=True, max_length=16)),
                    ("public_key", fields.CharField(max_length=64)),
                    ("registered_at", UtcDatetime()),
                    ("retired_at", UtcDatetime(null=True)),
                ],
                options={"table": "point_key"},
            )
        )
    ]
