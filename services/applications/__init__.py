"""The applications service: programmes, calls and cases, from application to agreement."""
