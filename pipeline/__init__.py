"""The way of a conversation, one module a step."""

import os

# Read by numpy when it is imported. The matrices here are small: more threads would only wait for each other, and for those of
# the speech model.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
