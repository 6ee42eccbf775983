"""What the two stations of a case write to each other."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.clock import Side
from models.columns import SealedText, UtcDatetime
from models.migrations._operations import CreateTables, Table, append_only, refers


class Migration(migrations.Migration):
    dependencies = [("models", "0009_way_back")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012
        CreateTables(
            Table(
                name="Consultation",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("case", "models.Case", "consultations"),
                    ("side", fields.CharEnumField(Side, max_length=12)),
                    ("unit", fields.CharField(max_length=120)),
                    ("text", SealedText()),
                    ("turn", fields.CharEnumField(Side, null=True, max_length=12)),
                    refers("staff", "models.Staff", "consultations"),
                    ("at", UtcDatetime()),
                ],
                options={"table": "consultation"},
            ),
        ),
        ops.RunSQL("CREATE INDEX ix_consultation_case_id ON consultation (case_id)"),
        append_only("consultation"),
    ]
