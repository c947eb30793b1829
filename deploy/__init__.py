"""Parts of an installation: containers, Kafka topics, PostgreSQL roles, Prometheus rules."""
