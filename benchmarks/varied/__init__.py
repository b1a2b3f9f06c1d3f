"""Reels as varied as a seeded generator makes them: brands, scripts and footage of every kind."""
