"""Services on trial, and who was invited to them."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.terms import ServiceItem
from models.columns import UtcDatetime
from models.migrations._operations import CreateTables, Table, refers


class Migration(migrations.Migration):
    dependencies = [("models", "0010_consultation")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012
        ops.AddField("PointService", "invited_until", fields.DateField(null=True)),
        CreateTables(
            Table(
                name="Invitation",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("point", "models.AcceptancePoint", "invitations"),
                    ("item", fields.CharEnumField(ServiceItem, max_length=40)),
                    ("code_hash", fields.CharField(unique=True, max_length=64)),
                    refers("staff", "models.Staff", "invitations"),
                    ("made_at", UtcDatetime()),
                    ("good_until", fields.DateField()),
                    refers("account", "models.Account", "invitations", null=True),
                    ("used_at", UtcDatetime(null=True)),
                    ("withdrawn_at", UtcDatetime(null=True)),
                ],
                options={"table": "invitation"},
            ),
        ),
        ops.RunSQL("CREATE INDEX ix_invitation_account_id ON invitation (account_id) WHERE account_id IS NOT NULL"),
    ]
