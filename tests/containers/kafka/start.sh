#!/bin/sh
# Write server.properties from KAFKA_* and format the data folder, by the same code as the image apache/kafka; then start the broker.
set -eu
java='java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.showDateTime=true -cp /opt/kafka/libs/*'
set -f # Java expands the asterisk
$java kafka.docker.KafkaDockerWrapper setup \
  --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config
# shellcheck disable=SC2086  # a list of options
exec $java ${KAFKA_HEAP_OPTS:--Xmx512m} kafka.Kafka /opt/kafka/config/server.properties
