"""The first tables: tokens, audit_log, token_jobs, store_meta."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NO_HASH = "0" * 64


def upgrade() -> None:
    _create_tokens()
    _create_audit_log()
    _create_token_jobs()
    store_meta = op.create_table(
        "store_meta",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_store_meta"),
    )
    op.bulk_insert(store_meta, [{"name": "audit_head", "value": f'{{"hash":"{NO_HASH}","id":0}}'}])


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("sink", sa.Text, nullable=False, comment="the alias that the secret was put under"),
        sa.Column("service_id", sa.Text, nullable=False, comment="the first part of the path"),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, comment="1, 2, …; never used again after a removal"),
        sa.Column(
            "put_id", sa.Text, nullable=False, comment="names one act of putting, so that it can be repeated"
        ),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False, comment="the master key that sealed this record"),
        sa.Column("nonce", sa.LargeBinary, comment="96 bits, fresh for each record; null once removed"),
        sa.Column("sealed", sa.LargeBinary, comment="AES-256-GCM ciphertext and tag; null once removed"),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("removed_at", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("sink", "path", "version", name="uq_tokens_sink_path_version"),
        sa.UniqueConstraint("sink", "put_id", name="uq_tokens_sink_put_id"),
    )
    op.create_index("ix_tokens_service_id_path", "tokens", ["service_id", "path"])


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False, comment="1, 2, 3 … without a gap"),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("service_id", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False, comment="a path, never a value"),
        sa.Column("result", sa.Text, nullable=False, comment='"ok" or the code of an error'),
        sa.Column("detail", sa.Text, nullable=False, comment="a JSON object of codes and numbers"),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_key_id", "audit_log", ["key", "id"])
    # No defence against someone who owns the database (the hash chain finds that): it stops our mistakes.
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{act.lower()} BEFORE {act} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit_log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()"
        )


def _create_token_jobs() -> None:
    op.create_table(
        "token_jobs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("flow_id", sa.Text, nullable=False, comment='"site/flow"'),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("params", sa.LargeBinary, comment="sealed, or null"),
        sa.Column("audit_ref", sa.Integer, comment="the audit row of the job's start"),
        sa.Column(
            "created_key", sa.Boolean, nullable=False, comment="whether the site was asked to create a key"
        ),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("updated_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_token_jobs"),
    )
    op.create_index("ix_token_jobs_flow_id_created_at", "token_jobs", ["flow_id", "created_at"])
