"""Database: PostgreSQL through one engine per service and process, bound to the service's schema.

Promises to a service:

    transactions  Only `Database` begins and commits: a block that ends commits, one that raises rolls back. Beside it only
                  migrations and rebuilds, which run as the schema's owner, begin any (tests/test_architecture.py).
                  It begins with its first statement, so a request refused before takes no connection.
    rows          `Transaction` finds, inserts and updates rows by their key, and runs queries of SQLAlchemy Core that were
                  compiled once; there is no unit of work: what a command changes, it saves.
    schema        Tables carry no schema name; the connection's search path finds those of the service, and its role has
                  rights there alone.
    batches       A plain asyncpg connection, with plans made for what the tables hold now.
    snapshots     A read-only transaction whose statements all see the same moment, and the projections that are live then.
    outages       `is_transient` tells an outage, which passes by itself, from an error; a connection that was cut off in
                  a statement does not go back to the pool.
    migrations    `migrate` brings the schema to its newest state as its owner; of several processes at once, one at a time.

Not promised: retries of a failed transaction (the caller decides), and writes to two services' schemas at once.

    engine       the pool of connections; begins and ends transactions, snapshots, batches; notifications
    transaction  rows and queries within a transaction
    migrate      Alembic for one service's schema: the shared tables, then its own
    tables       base class of the tables that every service's schema has
"""
