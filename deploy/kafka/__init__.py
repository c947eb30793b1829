"""The topics of Ieum and the checksums of the broker's jars."""
