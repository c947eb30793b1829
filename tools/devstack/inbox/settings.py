"""Settings of the inboxes, from the environment."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each setting is IEUM_<NAME>; `sms_sender` lists the registered sender numbers, separated by commas."""

    model_config = SettingsConfigDict(env_prefix="IEUM_", frozen=True)

    inbox_host: str = "127.0.0.1"
    inbox_port: int = 8825
    inbox_smtp_port: int = 2525
    inbox_folder: Path = Path(".ieum/inbox")
    sms_api_key: str
    sms_api_secret: SecretStr
    sms_sender: str
    sms_receipt_url: str | None = None
    sms_receipt_delay: float = 0.3  # seconds from acceptance to the delivery report
    sms_late_receipt_delay: float = 5.0  # seconds for the number whose delivery report is late

    @property
    def senders(self) -> frozenset[str]:
        """Return the registered sender numbers, digits only."""
        return frozenset(number.strip() for number in self.sms_sender.split(","))
