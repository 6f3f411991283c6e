"""The name key, what may be a name, and what may leave."""
