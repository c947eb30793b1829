"""Budgets, the double-entry ledger, and tranches paid to companies."""
