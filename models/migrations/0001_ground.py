"""The ground: accounts, persons, cases and everything a case gathers from opening to release."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.terms import (
    CaseEventKind,
    CaseState,
    Channel,
    ClockKind,
    CollectorKind,
    DayKind,
    DeliveryMode,
    GuardianRelation,
    GuardianshipCase,
    NoticeKind,
    ProofKind,
    ServiceItem,
    ServiceScope,
    SignatureMethod,
    SignerCapacity,
    StaffRole,
    Whose,
)
from models.columns import SealedJson, SealedText, UtcDatetime
from models.migrations._operations import CreateTables, Table, append_only, append_only_ground

APPEND_ONLY = (
    "audit_entry",
    "case_event",
    "collection_check",
    "consent",
    "guardianship",
    "letter_confirmation",
    "named_collector",
    "notice_attempt",
    "release",
    "residence_declaration",
    "signature",
)

# References that are followed backwards: "all signatures of this case".
FOLLOWED = (
    ("binding_code", "account_id"),
    ("booking", "case_id"),
    ("booking", "slot_id"),
    ("chat_binding", "account_id"),
    ("guardianship", "guardian_id"),
    ("handoff_code", "case_id"),
    ("letter_confirmation", "signature_id"),
    ("letter_showing", "case_id"),
    ("named_collector", "case_id"),
    ("notice", "account_id"),
    ("notice", "case_id"),
    ("notice_attempt", "notice_id"),
    ("residence_declaration", "account_id"),
    ("residence_declaration", "person_id"),
    ("service_case", "account_id"),
    ("service_case", "applicant_id"),
    ("session", "account_id"),
    ("signature", "case_id"),
)


class Migration(migrations.Migration):
    initial = True

    operations = [  # noqa: RUF012 — Tortoise's own form
        CreateTables(
            Table(
                name="AcceptancePoint",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("code", fields.CharField(unique=True, max_length=24)),
                    ("name", fields.CharField(max_length=120)),
                    ("division", fields.CharField(db_index=True, max_length=6)),
                    ("address", fields.CharField(max_length=200)),
                    ("phone", fields.CharField(max_length=20)),
                    ("schedule", fields.JSONField()),
                    ("is_demo", fields.BooleanField(default=False)),
                ],
                options={"table": "acceptance_point"},
            ),
            Table(
                name="Account",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("appid", fields.CharField(max_length=64)),
                    ("openid", SealedText()),
                    ("openid_index", fields.CharField(unique=True, max_length=64)),
                    ("phone", SealedText(null=True)),
                    ("phone_index", fields.CharField(null=True, db_index=True, max_length=64)),
                    ("phone_verified_at", UtcDatetime(null=True)),
                    ("created_at", UtcDatetime()),
                ],
                options={"table": "account"},
            ),
            Table(
                name="BindingCode",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "account",
                        fields.ForeignKeyField(
                            "models.Account", related_name="binding_codes", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("code_hash", fields.CharField(unique=True, max_length=64)),
                    ("expires_at", UtcDatetime()),
                    ("used_at", UtcDatetime(null=True)),
                ],
                options={"table": "binding_code"},
            ),
            Table(
                name="ChatBinding",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "account",
                        fields.ForeignKeyField(
                            "models.Account", related_name="chat_bindings", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("openid", SealedText()),
                    ("openid_index", fields.CharField(unique=True, max_length=64)),
                    ("bound_at", UtcDatetime()),
                ],
                options={"table": "chat_binding"},
            ),
            Table(
                name="Consent",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "account",
                        fields.ForeignKeyField("models.Account", related_name="consents", on_delete=fields.RESTRICT),
                    ),
                    ("version", fields.CharField(max_length=40)),
                    ("given_at", UtcDatetime()),
                ],
                options={"table": "consent", "unique_together": (("account", "version"),)},
            ),
            Table(
                name="MessageCredit",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "account",
                        fields.ForeignKeyField("models.Account", related_name="credits", on_delete=fields.RESTRICT),
                    ),
                    ("template", fields.CharField(max_length=64)),
                    ("balance", fields.IntField(default=0)),
                ],
                options={"table": "message_credit", "unique_together": (("account", "template"),)},
                checks={"ck_credit_balance": "balance >= 0"},
            ),
            Table(
                name="Person",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "account",
                        fields.ForeignKeyField("models.Account", related_name="persons", on_delete=fields.RESTRICT),
                    ),
                    ("is_self", fields.BooleanField()),
                    ("name", SealedText()),
                    ("identity_number", SealedText()),
                    ("identity_index", fields.CharField(db_index=True, max_length=64)),
                    ("household_division", fields.CharField(max_length=6)),
                    ("household_address", SealedText()),
                    ("collective_household", fields.BooleanField()),
                    ("declared_at", UtcDatetime()),
                ],
                options={"table": "person", "unique_together": (("account", "identity_index"),)},
            ),
            Table(
                name="Case",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("number", fields.CharField(unique=True, max_length=24)),
                    (
                        "account",
                        fields.ForeignKeyField("models.Account", related_name="cases", on_delete=fields.RESTRICT),
                    ),
                    (
                        "applicant",
                        fields.ForeignKeyField("models.Person", related_name="cases", on_delete=fields.RESTRICT),
                    ),
                    ("applicant_index", fields.CharField(max_length=64)),
                    ("item", fields.CharEnumField(ServiceItem, max_length=40)),
                    ("scope", fields.CharEnumField(ServiceScope, max_length=20)),
                    ("state", fields.CharEnumField(CaseState, max_length=20)),
                    ("is_minor", fields.BooleanField()),
                    ("household_division", fields.CharField(db_index=True, max_length=6)),
                    ("residence_division", fields.CharField(max_length=6)),
                    ("delivery", fields.CharEnumField(DeliveryMode, max_length=10)),
                    ("form", SealedJson()),
                    ("rule_day", fields.DateField()),
                    ("opened_at", UtcDatetime()),
                    ("ended_at", UtcDatetime(null=True)),
                    ("last_seq", fields.IntField(default=0)),
                    (
                        "acceptance_point",
                        fields.ForeignKeyField(
                            "models.AcceptancePoint", null=True, related_name="cases", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("acceptance_number", fields.CharField(null=True, unique=True, max_length=32)),
                    ("slip_number", fields.CharField(null=True, max_length=40)),
                ],
                options={"table": "service_case", "indexes": [("acceptance_point", "state")]},
            ),
            Table(
                name="Card",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("case", fields.OneToOneField("models.Case", related_name="card", on_delete=fields.RESTRICT)),
                    ("issued_on", fields.DateField(null=True)),
                    ("valid_from", fields.DateField(null=True)),
                    ("valid_until", fields.DateField(null=True)),
                    ("is_long_term", fields.BooleanField(default=False)),
                    ("card_centre", fields.CharField(null=True, max_length=120)),
                    ("waybill", SealedText(null=True)),
                    ("arrived_at", UtcDatetime(null=True)),
                    ("received_on", fields.DateField(null=True)),
                ],
                options={"table": "card"},
            ),
            Table(
                name="Deadline",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "case",
                        fields.ForeignKeyField("models.Case", related_name="deadlines", on_delete=fields.RESTRICT),
                    ),
                    ("kind", fields.CharEnumField(ClockKind, max_length=20)),
                    ("started_on", fields.DateField()),
                    ("days", fields.IntField()),
                    ("day_kind", fields.CharEnumField(DayKind, max_length=10)),
                    ("due_on", fields.DateField(null=True)),
                    ("missing_year", fields.IntField(null=True)),
                    ("stopped_at", UtcDatetime(null=True)),
                    ("warned_at", UtcDatetime(null=True)),
                ],
                options={
                    "table": "deadline",
                    "unique_together": (("case", "kind"),),
                    "indexes": [("due_on",)],
                },
            ),
            Table(
                name="Guardianship",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "guardian",
                        fields.ForeignKeyField("models.Person", related_name="wards", on_delete=fields.RESTRICT),
                    ),
                    (
                        "ward",
                        fields.OneToOneField("models.Person", related_name="guardianship", on_delete=fields.RESTRICT),
                    ),
                    ("relation", fields.CharEnumField(GuardianRelation, max_length=20)),
                    ("shown_by", fields.CharEnumField(GuardianshipCase, max_length=24)),
                    ("declared_at", UtcDatetime()),
                ],
                options={"table": "guardianship"},
            ),
            Table(
                name="LetterShowing",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("case", fields.ForeignKeyField("models.Case", related_name="showings", on_delete=fields.RESTRICT)),
                    ("nonce_hash", fields.CharField(unique=True, max_length=64)),
                    ("version", fields.CharField(max_length=80)),
                    ("digest", fields.CharField(max_length=64)),
                    ("shown_at", UtcDatetime()),
                    ("expires_at", UtcDatetime()),
                    ("used_at", UtcDatetime(null=True)),
                ],
                options={"table": "letter_showing"},
            ),
            Table(
                name="NamedCollector",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "case",
                        fields.ForeignKeyField(
                            "models.Case", related_name="named_collectors", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("name", SealedText()),
                    ("identity_number", SealedText()),
                    ("kinship", fields.CharField(max_length=24)),
                    ("named_at", UtcDatetime()),
                ],
                options={"table": "named_collector"},
            ),
            Table(
                name="Notice",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("dedupe_key", fields.CharField(unique=True, max_length=80)),
                    ("kind", fields.CharEnumField(NoticeKind, max_length=30)),
                    (
                        "account",
                        fields.ForeignKeyField("models.Account", related_name="notices", on_delete=fields.RESTRICT),
                    ),
                    (
                        "case",
                        fields.ForeignKeyField(
                            "models.Case", null=True, related_name="notices", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("facts", SealedJson()),
                    ("status", fields.CharField(default="owed", max_length=12)),
                    ("owed_at", UtcDatetime()),
                    ("due_at", UtcDatetime()),
                    ("claimed_until", UtcDatetime(null=True)),
                    ("attempts", fields.IntField(default=0)),
                    ("channel", fields.CharEnumField(Channel, null=True, max_length=20)),
                    ("settled_at", UtcDatetime(null=True)),
                ],
                options={"table": "notice", "indexes": [("status", "due_at")]},
            ),
            Table(
                name="NoticeAttempt",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "notice",
                        fields.ForeignKeyField("models.Notice", related_name="tries", on_delete=fields.RESTRICT),
                    ),
                    ("channel", fields.CharEnumField(Channel, max_length=20)),
                    ("outcome", fields.CharField(max_length=16)),
                    ("provider_id", fields.CharField(null=True, max_length=80)),
                    ("error", fields.CharField(null=True, max_length=80)),
                    ("at", UtcDatetime()),
                ],
                options={"table": "notice_attempt"},
            ),
            Table(
                name="PointService",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "point",
                        fields.ForeignKeyField(
                            "models.AcceptancePoint", related_name="services", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("item", fields.CharEnumField(ServiceItem, max_length=40)),
                    ("open_from", fields.DateField()),
                ],
                options={"table": "point_service", "unique_together": (("point", "item"),)},
            ),
            Table(
                name="PushSeen",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("dedupe_key", fields.CharField(unique=True, max_length=200)),
                    ("reply", SealedText(null=True)),
                    ("seen_at", UtcDatetime()),
                ],
                options={"table": "push_seen"},
            ),
            Table(
                name="RequestKey",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("owner", fields.CharField(max_length=40)),
                    ("key", fields.CharField(max_length=80)),
                    ("act", fields.CharField(max_length=40)),
                    ("body_digest", fields.CharField(max_length=64)),
                    ("answer", SealedText(null=True)),
                    ("made_at", UtcDatetime()),
                ],
                options={"table": "request_key", "unique_together": (("owner", "key"),)},
            ),
            Table(
                name="ResidenceDeclaration",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "account",
                        fields.ForeignKeyField(
                            "models.Account", related_name="declarations", on_delete=fields.RESTRICT
                        ),
                    ),
                    (
                        "person",
                        fields.ForeignKeyField("models.Person", related_name="declarations", on_delete=fields.RESTRICT),
                    ),
                    ("division", fields.CharField(max_length=6)),
                    ("address", SealedText()),
                    ("proof", fields.CharEnumField(ProofKind, null=True, max_length=20)),
                    ("proof_of", fields.CharEnumField(Whose, null=True, max_length=20)),
                    ("declared_locally", fields.BooleanField()),
                    ("declared_at", UtcDatetime()),
                    ("rule_day", fields.DateField()),
                ],
                options={"table": "residence_declaration"},
            ),
            Table(
                name="SealCheck",
                fields=[
                    ("key_id", fields.CharField(primary_key=True, max_length=255)),
                    ("word", SealedText()),
                    ("word_index", fields.CharField(max_length=64)),
                ],
                options={"table": "seal_check"},
            ),
            Table(
                name="Session",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("token_hash", fields.CharField(unique=True, max_length=64)),
                    (
                        "account",
                        fields.ForeignKeyField("models.Account", related_name="sessions", on_delete=fields.RESTRICT),
                    ),
                    ("created_at", UtcDatetime()),
                    ("last_seen_at", UtcDatetime()),
                    ("ends_at", UtcDatetime()),
                    ("ended_at", UtcDatetime(null=True)),
                ],
                options={"table": "session"},
            ),
            Table(
                name="Signature",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "case",
                        fields.ForeignKeyField("models.Case", related_name="signatures", on_delete=fields.RESTRICT),
                    ),
                    ("version", fields.CharField(max_length=80)),
                    ("method", fields.CharEnumField(SignatureMethod, max_length=10)),
                    ("capacity", fields.CharEnumField(SignerCapacity, max_length=12)),
                    ("digest", fields.CharField(db_index=True, max_length=64)),
                    ("canonical", SealedText()),
                    ("evidence", SealedJson()),
                    ("rule_day", fields.DateField()),
                    ("signed_at", UtcDatetime()),
                ],
                options={"table": "signature"},
            ),
            Table(
                name="Slot",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "point",
                        fields.ForeignKeyField(
                            "models.AcceptancePoint", related_name="slots", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("item", fields.CharEnumField(ServiceItem, max_length=40)),
                    ("starts_at", UtcDatetime()),
                    ("ends_at", UtcDatetime()),
                    ("capacity", fields.IntField()),
                    ("taken", fields.IntField(default=0)),
                ],
                options={"table": "slot", "unique_together": (("point", "item", "starts_at"),)},
                checks={"ck_slot_taken": "taken >= 0 AND taken <= capacity"},
            ),
            Table(
                name="Booking",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("slot", fields.ForeignKeyField("models.Slot", related_name="bookings", on_delete=fields.RESTRICT)),
                    ("case", fields.ForeignKeyField("models.Case", related_name="bookings", on_delete=fields.RESTRICT)),
                    ("seats", fields.IntField()),
                    ("made_at", UtcDatetime()),
                    ("ended_at", UtcDatetime(null=True)),
                    ("how_ended", fields.CharField(null=True, max_length=12)),
                ],
                options={"table": "booking"},
                checks={"ck_booking_seats": "seats >= 1"},
            ),
            Table(
                name="Staff",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("username", fields.CharField(unique=True, max_length=60)),
                    ("display_name", fields.CharField(max_length=60)),
                    ("password_hash", fields.CharField(max_length=200)),
                    ("role", fields.CharEnumField(StaffRole, max_length=20)),
                    (
                        "point",
                        fields.ForeignKeyField(
                            "models.AcceptancePoint", null=True, related_name="staff", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("failed_attempts", fields.IntField(default=0)),
                    ("locked_until", UtcDatetime(null=True)),
                    ("disabled_at", UtcDatetime(null=True)),
                ],
                options={"table": "staff"},
            ),
            Table(
                name="AuditEntry",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("at", UtcDatetime()),
                    ("actor", fields.CharField(max_length=60)),
                    (
                        "staff",
                        fields.ForeignKeyField(
                            "models.Staff", null=True, related_name="audit_entries", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("act", fields.CharField(max_length=60)),
                    (
                        "case",
                        fields.ForeignKeyField(
                            "models.Case", null=True, related_name="audit_entries", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("request_id", fields.CharField(null=True, max_length=64)),
                    ("facts", fields.JSONField()),
                ],
                options={"table": "audit_entry", "indexes": [("case", "at"), ("actor", "at")]},
            ),
            Table(
                name="CollectionCheck",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "case",
                        fields.OneToOneField("models.Case", related_name="collection_check", on_delete=fields.RESTRICT),
                    ),
                    ("checks", fields.JSONField()),
                    (
                        "staff",
                        fields.ForeignKeyField(
                            "models.Staff", related_name="collection_checks", on_delete=fields.RESTRICT
                        ),
                    ),
                    (
                        "point",
                        fields.ForeignKeyField(
                            "models.AcceptancePoint", related_name="collection_checks", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("checked_at", UtcDatetime()),
                ],
                options={"table": "collection_check"},
            ),
            Table(
                name="HandoffCode",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "case",
                        fields.ForeignKeyField("models.Case", related_name="handoff_codes", on_delete=fields.RESTRICT),
                    ),
                    ("code_hash", fields.CharField(unique=True, max_length=64)),
                    (
                        "point",
                        fields.ForeignKeyField(
                            "models.AcceptancePoint", related_name="handoff_codes", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("issued_at", UtcDatetime()),
                    ("expires_at", UtcDatetime()),
                    ("revoked_at", UtcDatetime(null=True)),
                    ("redeemed_at", UtcDatetime(null=True)),
                    (
                        "redeemed_by",
                        fields.ForeignKeyField(
                            "models.Staff", null=True, related_name="redeemed_codes", on_delete=fields.RESTRICT
                        ),
                    ),
                ],
                options={"table": "handoff_code"},
            ),
            Table(
                name="LetterConfirmation",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    (
                        "case",
                        fields.OneToOneField(
                            "models.Case", related_name="letter_confirmation", on_delete=fields.RESTRICT
                        ),
                    ),
                    (
                        "signature",
                        fields.ForeignKeyField(
                            "models.Signature", null=True, related_name="confirmations", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("method", fields.CharEnumField(SignatureMethod, max_length=10)),
                    (
                        "staff",
                        fields.ForeignKeyField(
                            "models.Staff", related_name="letter_confirmations", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("confirmed_at", UtcDatetime()),
                ],
                options={"table": "letter_confirmation"},
            ),
            Table(
                name="Release",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("case", fields.OneToOneField("models.Case", related_name="release", on_delete=fields.RESTRICT)),
                    ("collector", fields.CharEnumField(CollectorKind, max_length=10)),
                    ("checks", fields.JSONField()),
                    ("kinship", fields.CharField(null=True, max_length=24)),
                    ("collector_name", SealedText(null=True)),
                    ("collector_identity_number", SealedText(null=True)),
                    (
                        "staff",
                        fields.ForeignKeyField(
                            "models.Staff", null=True, related_name="releases", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("released_at", UtcDatetime()),
                ],
                options={"table": "release"},
            ),
            Table(
                name="StaffSession",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("token_hash", fields.CharField(unique=True, max_length=64)),
                    ("csrf_token", fields.CharField(max_length=64)),
                    (
                        "staff",
                        fields.ForeignKeyField("models.Staff", related_name="sessions", on_delete=fields.RESTRICT),
                    ),
                    ("created_at", UtcDatetime()),
                    ("last_seen_at", UtcDatetime()),
                    ("ends_at", UtcDatetime()),
                    ("ended_at", UtcDatetime(null=True)),
                ],
                options={"table": "staff_session"},
            ),
            Table(
                name="StationSystem",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("key_id", fields.CharField(unique=True, max_length=40)),
                    ("secret", SealedText()),
                    ("name", fields.CharField(max_length=120)),
                    ("division", fields.CharField(max_length=6)),
                    ("side", fields.CharField(max_length=12)),
                    ("kinds", fields.JSONField()),
                    ("disabled_at", UtcDatetime(null=True)),
                ],
                options={"table": "station_system"},
            ),
            Table(
                name="CaseEvent",
                fields=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("case", fields.ForeignKeyField("models.Case", related_name="events", on_delete=fields.RESTRICT)),
                    ("seq", fields.IntField()),
                    ("kind", fields.CharEnumField(CaseEventKind, max_length=30)),
                    ("from_state", fields.CharEnumField(CaseState, null=True, max_length=20)),
                    ("to_state", fields.CharEnumField(CaseState, max_length=20)),
                    ("at", UtcDatetime()),
                    ("recorded_at", UtcDatetime()),
                    ("rule_day", fields.DateField()),
                    ("actor", fields.CharField(max_length=60)),
                    ("unit", fields.CharField(null=True, max_length=120)),
                    (
                        "reporter",
                        fields.ForeignKeyField(
                            "models.StationSystem", null=True, related_name="reports", on_delete=fields.RESTRICT
                        ),
                    ),
                    ("report_id", fields.CharField(null=True, max_length=80)),
                    ("facts", fields.JSONField()),
                ],
                options={"table": "case_event", "unique_together": (("case", "seq"), ("reporter", "report_id"))},
            ),
        ),
        ops.RunSQL(
            [
                "CREATE UNIQUE INDEX uq_case_live ON service_case (applicant_index, item) WHERE ended_at IS NULL",
                "CREATE UNIQUE INDEX uq_person_self ON person (account_id) WHERE is_self",
                "CREATE UNIQUE INDEX uq_booking_live ON booking (case_id) WHERE ended_at IS NULL",
                *(f"CREATE INDEX ix_{table}_{column} ON {table} ({column})" for table, column in FOLLOWED),
            ]
        ),
        append_only_ground(),
        append_only(*APPEND_ONLY),
    ]
