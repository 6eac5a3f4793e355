"""How the journal store's migrations run: on the connection they are given."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="journal_schema", render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
