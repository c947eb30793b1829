"""The double-entry ledger: the balance of each account, and the postings that led to it."""
