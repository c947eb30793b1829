"""The auditor: judge from outside whether the invariants hold in an installation.

It reads all tables (as a role that may only read) and all topics, and imports nothing of what it judges: what it must
know of the contract stands in contract.py, in its own words.

Memory stays flat: event logs and tables come through server-side cursors, topics in batches, and what must be joined
(log, topic, inbox, timeline) is copied into a temporary SQLite file (store.py), where SQL joins it. Checks then read
one case, one subject or one row at a time; only sums by account or budget line, each programme's definition and the
recipients' addresses are held whole.
"""
