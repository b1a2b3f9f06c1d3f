"""Reelkit: short vertical videos for many brands."""
