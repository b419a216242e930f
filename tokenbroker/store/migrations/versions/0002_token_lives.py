"""token_lives: when tokens end, whose they are, and which flows replace and revoke them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_lives",
        sa.Column("sink", sa.Text, nullable=False, comment="the alias that the token was put under"),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("flow_id", sa.Text, nullable=False, comment='"site/flow" or "site/flow[case]"'),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("ends_at", sa.Text, comment="null where nobody has said"),
        sa.Column("rotates", sa.Text, nullable=False, comment="the flow that gets another in its place"),
        sa.Column("revokes", sa.Text, nullable=False, comment="the flow that revokes it"),
        sa.Column("grace_s", sa.Integer, comment="how long it works after it was replaced"),
        sa.Column("owner", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sink", "path", "version", name="pk_token_lives"),
    )
    op.create_index("ix_token_lives_ends_at", "token_lives", ["ends_at"])
