"""Alembic's entry: the connection is given by shared/database/migrate.py, its search path names the schema."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
