"""The auditor: what must always be true, counted afresh from every service's tables and every topic.

It shares the wire format with the services and nothing else, so that it does not repeat their mistakes.
"""
