"""The codebook, extracts, the matrix, and how far two coders agree."""
