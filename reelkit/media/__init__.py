"""Pixels and samples: frames, captions, backdrops, audio, encode, probe. Knows ``model`` and ``errors`` only."""
