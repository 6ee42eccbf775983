"""The other two services: cases that hang on another, certificates, and what travelled for them."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.terms import CertificateWay, TransmissionChannel, TransmissionPurpose
from models.columns import SealedBytes, SealedText, UtcDatetime
from models.migrations._operations import CreateTables, Table, append_only, refers, refers_once


class Migration(migrations.Migration):
    dependencies = [("models", "0007_console")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012 — Tortoise's own form
        ops.AddField("Case", *refers("parent", "models.Case", "dependants", null=True)),
        CreateTables(
            Table(
                name="HouseholdCertificate",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers_once("case", "models.Case", "certificate"),
                    ("way", fields.CharEnumField(CertificateWay, max_length=20)),
                    ("content", SealedText()),
                    ("household_unit", fields.CharField(null=True, max_length=120)),
                    ("checker", SealedText(null=True)),
                    ("answered_at", UtcDatetime(null=True)),
                    ("number", fields.CharField(null=True, unique=True, max_length=32)),
                    ("unit", fields.CharField(null=True, max_length=120)),
                    ("issued_at", UtcDatetime(null=True)),
                    refers("issued_by", "models.Staff", "certificates", null=True),
                    ("pdf", SealedBytes(null=True)),
                ],
                options={"table": "household_certificate"},
            ),
            Table(
                name="Transmission",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("case", "models.Case", "transmissions"),
                    ("purpose", fields.CharEnumField(TransmissionPurpose, max_length=20)),
                    ("channel", fields.CharEnumField(TransmissionChannel, max_length=20)),
                    ("to_unit", fields.CharField(max_length=120)),
                    ("told", SealedText(null=True)),
                    ("digest", fields.CharField(max_length=64)),
                    refers("staff", "models.Staff", "transmissions"),
                    ("sent_at", UtcDatetime()),
                ],
                options={"table": "transmission"},
            ),
        ),
        ops.RunSQL(
            [
                "CREATE INDEX ix_service_case_parent_id ON service_case (parent_id) WHERE parent_id IS NOT NULL",
                "CREATE INDEX ix_transmission_case_id ON transmission (case_id)",
            ]
        ),
        append_only("transmission"),
    ]
