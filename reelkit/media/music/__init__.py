"""A music bed made by us: seeded, in a brand's tempo and mood, without samples."""

from reelkit.media.music.bed import compose_bed
from reelkit.media.music.moods import MOODS

__all__ = ["MOODS", "compose_bed"]
