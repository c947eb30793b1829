"""Instalments: scheduled, ready, requested and approved."""
