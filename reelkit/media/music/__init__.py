"""A music bed made by us: seeded, in a brand's tempo and mood, without samples."""

from reelkit.media.music.bed import bed_version, compose_bed
from reelkit.media.music.moods import MOODS

__all__ = ["MOODS", "bed_version", "compose_bed"]
