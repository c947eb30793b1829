"""How an installation is made: containers, Kafka topics, PostgreSQL roles, Prometheus rules."""
