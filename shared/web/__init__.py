"""What every HTTP edge does: a transaction a request, idempotency keys, identity, problems in plain words."""
