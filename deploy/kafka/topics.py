"""The one list of topics and their configuration: six partitions, records never expire."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

PARTITIONS = 6
MAX_REPLICAS = 3
MAX_MESSAGE_BYTES = 1_048_588  # one MiB and Kafka's own overhead
EXTERNAL_SYSTEMS = ("ministry", "treasury", "registry", "municipality", "trade", "legacy")
TOPICS = (
    "ieum.programmes",
    "ieum.companies",
    "ieum.applications",
    "ieum.funding",
    "ieum.monitoring",
    "ieum.notifications",
    *(f"ieum.external.{system}" for system in EXTERNAL_SYSTEMS),
)
CONFIG = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "max.message.bytes": str(MAX_MESSAGE_BYTES),
}


async def create(bootstrap: str) -> list[str]:
    """Create the missing topics and return their names, with three replicas or as many as there are brokers.

    Raises the broker's error when it refuses a topic.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        replicas = min(MAX_REPLICAS, len((await admin.describe_cluster())["brokers"]))
        missing = sorted(set(TOPICS) - set(await admin.list_topics()))
        answer = await admin.create_topics([_topic(name, replicas) for name in missing]) if missing else None
    finally:
        await admin.close()
    for name, code, *_ in answer.topic_errors if answer else ():
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(name)
    return missing


def _topic(name: str, replicas: int) -> NewTopic:
    return NewTopic(name, PARTITIONS, replicas, topic_configs=CONFIG)
