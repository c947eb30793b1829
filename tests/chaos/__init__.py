"""The system under faults on real Kafka and PostgreSQL: processes are killed, stopped, cut off; then all is checked."""
