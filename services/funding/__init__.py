"""Budgets, the ledger, and paying companies in tranches."""
