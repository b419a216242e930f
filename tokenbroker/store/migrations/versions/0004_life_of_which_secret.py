"""token_lives.fingerprint: of which secret, where the alias leads to another store since."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("token_lives") as table:
        table.add_column(sa.Column("fingerprint", sa.Text, comment="null where nobody noted it"))
