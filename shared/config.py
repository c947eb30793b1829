"""Settings from the environment, read once, the same names in every service."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MessagingSettings(BaseSettings):
    """How records are published, consumed, folded and retried; seconds are real seconds."""

    model_config = SettingsConfigDict(env_prefix="IEUM_", frozen=True)

    relay_batch: int = 1_000
    poll_seconds: float = 1.0
    consumer_batch: int = 200
    projector_batch: int = 20_000
    batch_timeout_ms: int = 10
    delivery_attempts: int = 5
    dead_letters_before_stop: int = 20
    backoff_seconds: float = 0.5
    backoff_limit_seconds: float = 60.0
    parking_seconds: float = 86_400.0
    stuck_seconds: float = 60.0


class Settings(MessagingSettings):
    """Each is IEUM_<NAME> in the environment; seconds are real seconds."""

    model_config = SettingsConfigDict(env_prefix="IEUM_", frozen=True)

    database_url: str = "postgresql://localhost:5432/ieum"
    database_pool: int = 10
    kafka_bootstrap: str = "localhost:9092"  # several, with commas: any of them is asked
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "INFO"

    jwks_file: Path | None = None
    token_issuer: str = "ieum-demo"
    token_audience: str = "ieum"
    board_operator: str | None = None

    smtp_url: str = "smtp://localhost:25"
    mail_from: str = "ieum@example.go.kr"
    sms_url: str = "http://localhost:8025"
    sms_api_key: str = ""
    sms_api_secret: SecretStr = SecretStr("")
    sms_sender: str = ""

    @property
    def kafka_brokers(self) -> list[str]:
        return [one.strip() for one in self.kafka_bootstrap.split(",")]
