"""People, their roles, passwords and signing keys."""
