"""Money bound to a case by its agreement, and the self-contribution of its company."""
