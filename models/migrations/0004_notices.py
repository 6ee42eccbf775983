"""Notices that count as delivered only when they are: the ledger's movements, providers' reports, work for a person."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.notice import ReportOutcome
from domain.terms import Channel, CreditReason, NoticeKind, ReachOutcome, ReachStepKind
from models.columns import UtcDatetime
from models.migrations._operations import CreateTables, Table, append_only, refers


class Migration(migrations.Migration):
    dependencies = [("models", "0003_clocks")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012
        CreateTables(
            Table(
                name="CreditMovement",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("account", "models.Account", "credit_movements"),
                    ("template", fields.CharField(max_length=64)),
                    ("change", fields.IntField()),
                    ("reason", fields.CharEnumField(CreditReason, max_length=12)),
                    ("reference", fields.CharField(unique=True, max_length=120)),
                    ("at", UtcDatetime()),
                ],
                options={"table": "credit_movement", "indexes": [("account", "template", "at")]},
            ),
            Table(
                name="DeliveryReport",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("channel", fields.CharEnumField(Channel, max_length=20)),
                    ("provider_id", fields.CharField(max_length=80)),
                    ("outcome", fields.CharEnumField(ReportOutcome, max_length=12)),
                    ("error", fields.CharField(null=True, max_length=80)),
                    ("received_at", UtcDatetime()),
                    ("applied_at", UtcDatetime(null=True)),
                ],
                options={"table": "delivery_report", "unique_together": (("channel", "provider_id"),)},
            ),
            Table(
                name="ReachTask",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("subject", fields.CharField(unique=True, max_length=80)),
                    ("kind", fields.CharEnumField(NoticeKind, max_length=30)),
                    refers("case", "models.Case", "reach_tasks"),
                    refers("point", "models.AcceptancePoint", "reach_tasks"),
                    ("owed_at", UtcDatetime()),
                    ("opened_at", UtcDatetime()),
                    refers("staff", "models.Staff", "reach_tasks", null=True),
                    ("closed_at", UtcDatetime(null=True)),
                    ("outcome", fields.CharEnumField(ReachOutcome, null=True, max_length=16)),
                ],
                options={"table": "reach_task", "indexes": [("point", "closed_at")]},
            ),
            Table(
                name="ReachStep",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("task", "models.ReachTask", "steps"),
                    refers("staff", "models.Staff", "reach_steps"),
                    ("step", fields.CharEnumField(ReachStepKind, max_length=16)),
                    ("at", UtcDatetime()),
                ],
                options={"table": "reach_step"},
            ),
        ),
        ops.RunSQL(
            [
                "CREATE INDEX ix_reach_task_case_id ON reach_task (case_id)",
                "CREATE INDEX ix_reach_step_task_id ON reach_step (task_id)",
                "CREATE INDEX ix_notice_attempt_provider ON notice_attempt (provider_id)",
                "CREATE INDEX ix_delivery_report_unused ON delivery_report (received_at) WHERE applied_at IS NULL",
                # the balances of before: one movement each, so that the ledger adds up from its first day
                (
                    "INSERT INTO credit_movement (account_id, template, change, reason, reference, at) "
                    "SELECT account_id, template, balance, 'granted', 'opening:' || id, '2026-11-21 00:00:00+00:00' "
                    "FROM message_credit WHERE balance > 0"
                ),
                # the further messages in WeChat are no longer subscription messages alone
                "UPDATE notice SET route = 'wechat' WHERE route = 'subscribe'",
            ]
        ),
        append_only("credit_movement", "reach_step"),
    ]
