"""What may be destroyed, who agreed, how it is done, and how an outsider checks it."""
