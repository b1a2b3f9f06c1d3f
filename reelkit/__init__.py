"""Reelkit: short vertical videos for many brands."""

__version__ = "0.1.0"
