"""What comes back from the stations, by file and by slip, and complaints."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.terms import BatchStatus, ComplaintKind, ComplaintStatus, KeyAlgorithm, SetAsideStatus
from models.columns import SealedText, UtcDatetime
from models.migrations._operations import CreateTables, Table, append_only, refers


class Migration(migrations.Migration):
    dependencies = [("models", "0008_services")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012 — Tortoise's own form
        CreateTables(
            Table(
                name="StationKey",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("system", "models.StationSystem", "further_keys"),
                    ("key_id", fields.CharField(unique=True, max_length=40)),
                    ("algorithm", fields.CharEnumField(KeyAlgorithm, max_length=8)),
                    ("material", SealedText()),
                    ("added_at", UtcDatetime()),
                    ("ends_at", UtcDatetime(null=True)),
                ],
                options={"table": "station_key"},
            ),
            Table(
                name="FeedBatch",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("system", "models.StationSystem", "batches", null=True),
                    ("number", fields.CharField(null=True, max_length=40)),
                    ("file_name", fields.CharField(max_length=120)),
                    ("digest", fields.CharField(max_length=64)),
                    ("status", fields.CharEnumField(BatchStatus, max_length=10)),
                    ("code", fields.CharField(null=True, max_length=40)),
                    ("reached", fields.BigIntField(default=0)),
                    ("lines", fields.IntField(default=0)),
                    ("taken", fields.IntField(default=0)),
                    ("known", fields.IntField(default=0)),
                    ("began_at", UtcDatetime()),
                    ("ended_at", UtcDatetime(null=True)),
                    ("claimed_until", UtcDatetime(null=True)),
                ],
                options={"table": "feed_batch", "unique_together": (("system", "number"),)},
            ),
            Table(
                name="SetAside",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("batch", "models.FeedBatch", "set_aside"),
                    ("line", fields.IntField()),
                    ("text", SealedText()),
                    ("code", fields.CharField(max_length=40)),
                    ("facts", fields.JSONField()),
                    ("status", fields.CharEnumField(SetAsideStatus, max_length=10)),
                    ("at", UtcDatetime()),
                    ("tried_at", UtcDatetime()),
                    ("tries", fields.IntField(default=1)),
                    ("settled_at", UtcDatetime(null=True)),
                    ("settled_by", fields.CharField(null=True, max_length=60)),
                    ("note", SealedText(null=True)),
                ],
                options={
                    "table": "set_aside",
                    "unique_together": (("batch", "line"),),
                    "indexes": [("status", "tried_at")],
                },
            ),
            Table(
                name="Complaint",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("number", fields.CharField(unique=True, max_length=24)),
                    ("kind", fields.CharEnumField(ComplaintKind, max_length=12)),
                    ("status", fields.CharEnumField(ComplaintStatus, max_length=10)),
                    refers("account", "models.Account", "complaints"),
                    refers("case", "models.Case", "complaints", null=True),
                    refers("point", "models.AcceptancePoint", "complaints", null=True),
                    ("division", fields.CharField(max_length=6)),
                    ("text", SealedText()),
                    ("opened_at", UtcDatetime()),
                    ("due_on", fields.DateField(null=True)),
                    ("missing_year", fields.IntField(null=True)),
                    refers("taken_by", "models.Staff", "complaints", null=True),
                    ("answer", SealedText(null=True)),
                    ("answered_at", UtcDatetime(null=True)),
                    ("escalated_at", UtcDatetime(null=True)),
                ],
                options={
                    "table": "complaint",
                    "indexes": [("point", "status"), ("division", "status"), ("status", "due_on")],
                },
            ),
            Table(
                name="ComplaintWord",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("complaint", "models.Complaint", "words"),
                    ("text", SealedText()),
                    ("at", UtcDatetime()),
                ],
                options={"table": "complaint_word"},
            ),
        ),
        ops.RunSQL(
            [
                "CREATE INDEX ix_station_key_system_id ON station_key (system_id)",
                "CREATE INDEX ix_complaint_account_id ON complaint (account_id)",
                "CREATE INDEX ix_complaint_case_id ON complaint (case_id)",
                "CREATE INDEX ix_complaint_word_complaint_id ON complaint_word (complaint_id)",
            ]
        ),
        append_only("complaint_word"),
    ]
