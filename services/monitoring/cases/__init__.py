"""Copies of cases for monitoring's modules: programme, company, and three dates."""
