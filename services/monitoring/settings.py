"""Settings of monitoring: those of every service, and how its pages are opened."""

from shared.config import Settings
from shared.web.viewer import BoardSettings


class MonitoringSettings(Settings, BoardSettings):
    """Settings of a monitoring process."""
