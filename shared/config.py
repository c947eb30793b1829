"""Settings by concern, read from the environment: field `kafka_bootstrap` is IEUM_KAFKA_BOOTSTRAP (docs/settings.md).

Code takes the class of its own concern; `Settings` is what every service's process has. A service with settings of its
own adds a class (services/<service>/settings.py).
"""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsGroup(BaseSettings):
    """Base of all settings: names in the environment begin with IEUM_, values never change."""

    model_config = SettingsConfigDict(env_prefix="IEUM_", frozen=True)


class DatabaseSettings(SettingsGroup):
    """PostgreSQL: address, with the service's login, and the connections of a process."""

    database_url: str = "postgresql://localhost:5432/ieum"
    database_pool: int = 10


class KafkaSettings(SettingsGroup):
    """Kafka: addresses of brokers, separated by commas."""

    kafka_bootstrap: str = "localhost:9092"

    @property
    def kafka_brokers(self) -> list[str]:
        """The addresses as a list: any of them is asked."""
        return [address.strip() for address in self.kafka_bootstrap.split(",")]


class HttpSettings(SettingsGroup):
    """Address on which a process answers HTTP."""

    host: str = "127.0.0.1"
    port: int = 8000


class LogSettings(SettingsGroup):
    """Lowest level of log lines."""

    log_level: str = "INFO"


class TokenSettings(SettingsGroup):
    """Bearer tokens: file with the provider's public keys (JWKS), required issuer and audience."""

    jwks_file: Path | None = None
    token_issuer: str = "ieum-demo"
    token_audience: str = "ieum"


class MessagingSettings(SettingsGroup):
    """How records are published, consumed, folded and retried; seconds are real seconds."""

    relay_batch: int = 1_000  # events per shard and transaction
    poll_seconds: float = 1.0
    consumer_batch: int = 200  # records per fetch
    projector_batch: int = 20_000  # records per transaction
    batch_timeout_ms: int = 10
    delivery_attempts: int = 5
    dead_letters_before_stop: int = 20  # in a row, until the circuit opens
    backoff_seconds: float = 0.5
    backoff_limit_seconds: float = 60.0
    parking_seconds: float = 86_400.0
    stuck_seconds: float = 60.0  # that a partition with waiting records may stand still


class Settings(DatabaseSettings, KafkaSettings, HttpSettings, LogSettings, TokenSettings, MessagingSettings):
    """Settings of every service's process."""
