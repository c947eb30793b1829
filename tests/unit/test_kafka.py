"""Partitioning by key."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.kafka import partition_for_key


@given(key=st.binary(min_size=1, max_size=80), partitions=st.integers(min_value=1, max_value=48))
def test_partition_of_a_key_is_that_of_kafkas_own_clients(key: bytes, partitions: int) -> None:
    numbers = list(range(partitions))

    assert partition_for_key(key, numbers, numbers) == DefaultPartitioner()(key, numbers, numbers)
