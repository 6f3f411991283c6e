"""Who runs what is due."""
