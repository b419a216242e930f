"""checkpoints: until when one that nobody has answered in time may still be answered, parked."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "checkpoints",
        sa.Column("parked_until", sa.Text, comment="null where its deadline is its end"),
    )
