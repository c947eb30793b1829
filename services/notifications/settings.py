"""Settings of notifications: the providers of e-mail and SMS."""

from pydantic import SecretStr

from shared.config import Settings, SettingsGroup


class EmailSettings(SettingsGroup):
    """SMTP server (smtp://login:password@host:port) and the sender's address."""

    smtp_url: str = "smtp://localhost:25"
    mail_from: str = "ieum@example.go.kr"


class SmsSettings(SettingsGroup):
    """SMS provider: address, API key and secret, and the registered sender's number."""

    sms_url: str = "http://localhost:8025"
    sms_api_key: str = ""
    sms_api_secret: SecretStr = SecretStr("")
    sms_sender: str = ""


class NotificationsSettings(Settings, EmailSettings, SmsSettings):
    """Settings of a notifications process."""
