"""checkpoints: questions to a person that wait for an answer from anywhere."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("flow_id", sa.Text, nullable=False, comment='"site/flow" or "site/flow[case]"'),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="in the flow's own words"),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.Text, nullable=False),
        sa.Column("deadline", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Text, nullable=False, comment="when its run was last known to live"),
        sa.Column("recipient", sa.Text, nullable=False, comment="the public key that a code is sealed for"),
        sa.Column("outcome", sa.Text, comment="null while it waits"),
        sa.Column("channel", sa.Text),
        sa.Column("who", sa.Text),
        sa.Column("answered_at", sa.Text),
        sa.Column("sealed", sa.LargeBinary, comment="the code, which the run alone can open"),
        sa.PrimaryKeyConstraint("id", name="pk_checkpoints"),
    )
