"""Logs, metrics, traces, consumer lag and health checks."""
