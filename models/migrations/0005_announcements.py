"""Announcements with their embargo, and closures of one item or by an outage."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.terms import AnnouncementKind, ServiceItem
from models.columns import UtcDatetime
from models.migrations._operations import CreateTables, Table, refers


class Migration(migrations.Migration):
    dependencies = [("models", "0004_notices")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012
        CreateTables(
            Table(
                name="Announcement",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("kind", fields.CharEnumField(AnnouncementKind, max_length=10)),
                    ("title", fields.CharField(max_length=60)),
                    ("text", fields.CharField(max_length=2000)),
                    ("division", fields.CharField(max_length=6)),
                    ("point_code", fields.CharField(null=True, max_length=24)),
                    ("item", fields.CharEnumField(ServiceItem, null=True, max_length=40)),
                    ("starts_at", UtcDatetime(null=True)),
                    ("publish_at", UtcDatetime()),
                    ("ends_at", UtcDatetime(null=True)),
                    ("topic", fields.CharField(null=True, max_length=40)),
                    ("version", fields.IntField(default=1)),
                    ("document_number", fields.CharField(null=True, max_length=60)),
                    ("made_by", fields.CharField(max_length=60)),
                    ("made_at", UtcDatetime()),
                    ("acted_at", UtcDatetime(null=True)),
                    ("withdrawn_at", UtcDatetime(null=True)),
                ],
                options={
                    "table": "announcement",
                    "unique_together": (("topic", "version"),),
                    "indexes": [("publish_at",)],
                },
            ),
        ),
        ops.AddField("Closure", "item", fields.CharEnumField(ServiceItem, null=True, max_length=40)),
        ops.AddField("Closure", *refers("announcement", "models.Announcement", "closures", null=True)),
        ops.AlterModelOptions("Closure", {"table": "closure", "unique_together": (("point", "announcement"),)}),
        ops.RunSQL("CREATE UNIQUE INDEX uq_closure_announcement ON closure (point_id, announcement_id)"),
    ]
