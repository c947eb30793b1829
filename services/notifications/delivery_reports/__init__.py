"""What a provider says later of a message that it took over."""
