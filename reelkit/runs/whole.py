"""Moved: import from reelkit.whole (every room writes whole files). This line goes when nothing imports it."""

from reelkit.whole import is_temporary, sha256_of, sweep_temporaries, whole_file, write_whole

__all__ = ["is_temporary", "sha256_of", "sweep_temporaries", "whole_file", "write_whole"]
