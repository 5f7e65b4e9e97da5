"""Alembic's way in: it migrates over the connection that `inventory.database` hands it, in that one transaction."""

from alembic import context

from inventory.models import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
    render_as_batch=True,
)
context.run_migrations()
