"""Where things lie: database, sealed files, vault, blobs and the log. Imports nothing above it."""
