"""Imports: what was coded in another program comes back, as far as it speaks of words that are ours."""
