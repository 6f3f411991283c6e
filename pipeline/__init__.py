"""The way of a conversation, one module a step."""
