"""tokens, on PostgreSQL: pages half full, so that a rotation changes rows in place and leaves their indexes alone.

https://www.postgresql.org/docs/current/storage-hot.html
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE tokens SET (fillfactor = 50)")
