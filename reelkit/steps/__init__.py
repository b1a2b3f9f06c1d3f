"""The chain, a file a step, each pure given what is passed in."""
