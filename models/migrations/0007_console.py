"""The console: what takes two people, the second factor, and when somebody last proved to be themselves."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.terms import ApprovalKind
from models.columns import SealedText, UtcDatetime
from models.migrations._operations import CreateTables, Table, refers

OPEN = "kind, case_id, asked_by_id"


class Migration(migrations.Migration):
    dependencies = [("models", "0006_point_keys")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012
        ops.AddField("Staff", "totp_secret", SealedText(null=True)),
        ops.AddField("Staff", "totp_since", UtcDatetime(null=True)),
        ops.AddField("Staff", "totp_step", fields.IntField(default=0, db_default=0)),
        ops.AddField("Staff", "password_until", UtcDatetime(null=True)),
        ops.AddField("StaffSession", "proved_at", UtcDatetime(null=True)),
        CreateTables(
            Table(
                name="Approval",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("kind", fields.CharEnumField(ApprovalKind, max_length=20)),
                    refers("case", "models.Case", "approvals", null=True),
                    refers("asked_by", "models.Staff", "approvals_asked"),
                    ("reason", SealedText()),
                    ("asked_at", UtcDatetime()),
                    refers("decided_by", "models.Staff", "approvals_decided", null=True),
                    ("decided_at", UtcDatetime(null=True)),
                    ("granted", fields.BooleanField(default=False)),
                    ("until", UtcDatetime(null=True)),
                    ("ended_at", UtcDatetime(null=True)),
                ],
                options={"table": "approval"},
                checks={"ck_approval_two_people": "decided_by_id IS NULL OR decided_by_id <> asked_by_id"},
            ),
        ),
        ops.RunSQL(
            [
                "CREATE INDEX ix_approval_case_id ON approval (case_id)",
                "CREATE INDEX ix_approval_asked_by_id ON approval (asked_by_id)",
                f"CREATE UNIQUE INDEX uq_approval_open ON approval ({OPEN}) WHERE decided_at IS NULL",
            ]
        ),
    ]
