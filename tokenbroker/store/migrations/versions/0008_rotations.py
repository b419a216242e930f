"""rotations: how far the replacement of a token has come; and what has to be known of a token to replace it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, comment in (
        ("labels", "a JSON array of words, or null"),
        ("key_name", "its name at the site; null where nobody noted it"),
        ("params", "of its run, none personal: JSON, or null"),
        ("revoke_at", "a page's address, or a flow"),
        ("revoked_at", "since when its site is known to refuse it"),
    ):
        op.add_column("token_lives", sa.Column(name, sa.Text, comment=comment))
    op.create_table(
        "rotations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("sink", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("old_version", sa.Integer, nullable=False),
        sa.Column("flow_id", sa.Text, nullable=False, comment='the flow that gets another: "site/flow"'),
        sa.Column("key_name", sa.Text, nullable=False, comment="that of the new key at the site"),
        sa.Column("state", sa.Text, nullable=False, comment="how far it has come"),
        sa.Column("code", sa.Text, nullable=False, comment="of the error that stopped it, or empty"),
        sa.Column("new_version", sa.Integer, comment="null until the reference leads to it"),
        sa.Column(
            "revoke_after", sa.Text, comment="when the grace of the old one ends; null until it is replaced"
        ),
        sa.Column("begun_at", sa.Text, nullable=False),
        sa.Column("updated_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rotations"),
    )
    op.create_index("ix_rotations_sink_path", "rotations", ["sink", "path"])
