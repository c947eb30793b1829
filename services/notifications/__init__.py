"""Tells companies by e-mail and SMS what happens to their cases; keeps the only personal data of the system."""
