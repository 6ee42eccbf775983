"""Clocks with the place of the duty, warnings given, the directory of named persons, supervised follow-ups, areas."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.terms import ContactDuty, WarningLevel, Watcher
from models.columns import SealedText, UtcDatetime
from models.migrations._operations import CreateTables, Table, append_only, refers, refers_once

_DAY_IN_CHINA = {
    "sqlite": "date(stopped_at, '+8 hours')",
    "postgres": "(stopped_at AT TIME ZONE 'Asia/Shanghai')::date",
}


async def _fill(_apps: object, editor: object) -> None:
    """Clocks that run already get the place of their duty, and stopped ones their day."""
    client = editor.client
    day = _DAY_IN_CHINA[client.capabilities.dialect]
    await client.execute_script(
        f"""
        UPDATE deadline SET stopped_on = {day} WHERE stopped_at IS NOT NULL;
        UPDATE deadline SET division = (
            SELECT CASE WHEN deadline.kind = 'review' THEN c.household_division
                        ELSE COALESCE(p.division, c.residence_division) END
            FROM service_case c LEFT JOIN acceptance_point p ON p.id = c.acceptance_point_id
            WHERE c.id = deadline.case_id
        );
        """  # noqa: S608 — no value of anybody in it
    )


class Migration(migrations.Migration):
    dependencies = [("models", "0002_wechat")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012
        ops.AddField("Staff", "division", fields.CharField(null=True, max_length=6)),
        ops.AddField("Deadline", "division", fields.CharField(default="", db_default="", max_length=6)),
        ops.AddField("Deadline", "unit", fields.CharField(null=True, max_length=120)),
        ops.AddField("Deadline", "ahead_on", fields.DateField(null=True)),
        ops.AddField("Deadline", "told_ahead_at", UtcDatetime(null=True)),
        ops.AddField("Deadline", "stopped_on", fields.DateField(null=True)),
        ops.AlterModelOptions(
            "Deadline",
            {
                "table": "deadline",
                "unique_together": (("case", "kind"),),
                "indexes": [("due_on",), ("division", "due_on")],
            },
        ),
        ops.RunPython(_fill),
        ops.RunSQL("CREATE INDEX ix_deadline_division ON deadline (division, due_on)"),
        CreateTables(
            Table(
                name="Contact",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("duty", fields.CharEnumField(ContactDuty, max_length=24)),
                    ("division", fields.CharField(max_length=6)),
                    ("unit", fields.CharField(null=True, max_length=120)),
                    ("name", SealedText()),
                    ("phone", SealedText()),
                    ("kept_by", fields.CharField(max_length=60)),
                    ("verified_at", UtcDatetime()),
                    ("ended_at", UtcDatetime(null=True)),
                ],
                options={"table": "contact", "indexes": [("division", "duty")]},
            ),
            Table(
                name="DeadlineWarning",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("deadline", "models.Deadline", "warnings"),
                    ("level", fields.CharEnumField(WarningLevel, max_length=10)),
                    ("watcher", fields.CharEnumField(Watcher, max_length=20)),
                    ("division", fields.CharField(max_length=6)),
                    ("given_at", UtcDatetime()),
                    ("seen_at", UtcDatetime(null=True)),
                    refers("seen_by", "models.Staff", "warnings_seen", null=True),
                ],
                options={
                    "table": "deadline_warning",
                    "unique_together": (("deadline", "level", "watcher"),),
                    "indexes": [("watcher", "division")],
                },
            ),
            Table(
                name="FollowUp",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers_once("deadline", "models.Deadline", "follow_up"),
                    ("division", fields.CharField(db_index=True, max_length=6)),
                    refers("contact", "models.Contact", "follow_ups", null=True),
                    ("opened_at", UtcDatetime()),
                    ("closed_at", UtcDatetime(null=True)),
                    ("closed_by", fields.CharField(null=True, max_length=60)),
                ],
                options={"table": "follow_up"},
            ),
            Table(
                name="FollowUpNote",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("follow_up", "models.FollowUp", "notes"),
                    ("text", SealedText()),
                    ("actor", fields.CharField(max_length=60)),
                    ("at", UtcDatetime()),
                ],
                options={"table": "follow_up_note"},
            ),
        ),
        ops.RunSQL("CREATE INDEX ix_follow_up_note_follow_up_id ON follow_up_note (follow_up_id)"),
        append_only("follow_up_note"),
    ]
