"""Database: PostgreSQL through one engine per service and process, bound to the service's schema.

Promises to a service:

    transactions  Only `Database` begins and commits: a block that ends commits, one that raises rolls back. Beside it only
                  migrations and rebuilds, which run as the schema's owner, begin any (tests/test_architecture.py).
    schema        Tables carry no schema name; the connection's search path finds those of the service, and its role has
                  rights there alone.
    hot paths     The same transaction on a plain asyncpg connection, without a unit of work: for batches, with plans made
                  for what the tables hold now; lazily, so that a request refused early takes no connection.
    snapshots     A read-only transaction whose statements all see the same moment, and the projections that are live then.
    outages       `is_transient` tells an outage, which passes by itself, from an error; a connection that was cut off in
                  a statement does not go back to the pool.
    migrations    `migrate` brings the schema to its newest state as its owner; of several processes at once, one at a time.

Not promised: retries of a failed transaction (the caller decides), and writes to two services' schemas at once.

    engine      connections, transactions, snapshots, notifications, raw statements
    keyed_rows  rows found, inserted and updated by their key, past the unit of work
    migrate     Alembic for one service's schema: the shared tables, then its own
    tables      base class of the tables that every service's schema has
"""
