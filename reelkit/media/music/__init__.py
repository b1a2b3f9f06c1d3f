"""Music under the voice: a bed made by us, seeded, in a brand's tempo and mood, without samples; or a piece of one's own, cut to fit."""

from reelkit.media.music.bed import compose_bed
from reelkit.media.music.moods import MOODS
from reelkit.media.music.song import cut_song

__all__ = ["MOODS", "compose_bed", "cut_song"]
