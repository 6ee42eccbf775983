"""The chat: where a talk stands, replies brought later, the token all processes share, consents taken back."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.columns import SealedJson, SealedText, UtcDatetime
from models.migrations._operations import CreateTables, Table, refers


class Migration(migrations.Migration):
    dependencies = [("models", "0001_ground")]  # noqa: RUF012 — Tortoise's own form

    operations = [  # noqa: RUF012 — Tortoise's own form
        CreateTables(
            Table(
                name="WeChatToken",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("appid", fields.CharField(unique=True, max_length=64)),
                    ("token", SealedText(null=True)),
                    ("ask_again_at", UtcDatetime(null=True)),
                    ("fetch", fields.IntField(default=0)),
                    ("leased_until", UtcDatetime(null=True)),
                ],
                options={"table": "wechat_token"},
            ),
            Table(
                name="ChatTalk",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("follower", fields.CharField(unique=True, max_length=64)),
                    ("topic", fields.CharField(null=True, max_length=20)),
                    ("facts", SealedJson(null=True)),
                    ("said_at", UtcDatetime()),
                    ("ends_at", UtcDatetime()),
                    ("step", fields.IntField(default=0)),
                ],
                options={"table": "chat_talk", "indexes": (("ends_at",),)},
            ),
            Table(
                name="OwedReply",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    ("dedupe_key", fields.CharField(unique=True, max_length=200)),
                    ("follower", fields.CharField(db_index=True, max_length=64)),
                    ("push", SealedJson()),
                    ("openid", SealedText()),
                    ("status", fields.CharField(default="owed", max_length=8)),
                    ("owed_at", UtcDatetime()),
                    ("due_at", UtcDatetime()),
                    ("claimed_until", UtcDatetime(null=True)),
                    ("attempts", fields.IntField(default=0)),
                    ("settled_at", UtcDatetime(null=True)),
                ],
                options={"table": "owed_reply", "indexes": (("status", "due_at"),)},
            ),
            Table(
                name="ConsentWithdrawal",
                columns=[
                    ("id", fields.IntField(generated=True, primary_key=True)),
                    refers("account", "models.Account", "withdrawals"),
                    ("at", UtcDatetime()),
                    ("answered_at", UtcDatetime(null=True)),
                ],
                options={"table": "consent_withdrawal"},
            ),
        ),
        ops.RunSQL("CREATE INDEX ix_consent_withdrawal_account_id ON consent_withdrawal (account_id)"),
        ops.AddField("PushSeen", "follower", fields.CharField(max_length=64, null=True)),
        ops.RunSQL("CREATE INDEX ix_push_seen_follower ON push_seen (follower)"),
        ops.RunSQL("CREATE INDEX ix_push_seen_seen_at ON push_seen (seen_at)"),
    ]
