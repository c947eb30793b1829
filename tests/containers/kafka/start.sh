#!/bin/sh
# KAFKA_* becomes server.properties and a formatted folder by the code that the image apache/kafka runs; then the broker.
set -eu
java='java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.showDateTime=true -cp /opt/kafka/libs/*'
set -f # the asterisk is Java's
$java kafka.docker.KafkaDockerWrapper setup \
  --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config
# shellcheck disable=SC2086  # a list of options
exec $java ${KAFKA_HEAP_OPTS:--Xmx512m} kafka.Kafka /opt/kafka/config/server.properties
