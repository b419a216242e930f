"""What alembic runs for each command: migrate the connection it was handed, in its transaction."""

from alembic import context

from tokenbroker.store.models import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
