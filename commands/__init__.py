"""What the `candour` command can do, one file a noun: parse, call, print. `cli.py` puts them together."""
