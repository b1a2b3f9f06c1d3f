"""The shared page of a run and of a batch."""
