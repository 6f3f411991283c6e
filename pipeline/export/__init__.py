"""Exports of a review: one model, several formats, each read back and compared before it counts."""
