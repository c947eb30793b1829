"""The embedded stack: PostgreSQL, Apache Kafka, inboxes and the services on one machine, without Docker or root."""
