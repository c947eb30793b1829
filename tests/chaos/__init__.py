"""The system under fire: it is killed, stopped and starved on real Kafka and PostgreSQL, then everything is checked."""
