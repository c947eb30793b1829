"""Notifications service: e-mail and SMS to companies about their cases; the only personal data of the system."""
