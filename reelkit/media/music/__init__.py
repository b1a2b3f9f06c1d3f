"""Music under the voice: a bed made by us, seeded, in a brand's tempo and mood, without samples; or a piece of one's own, cut to fit."""

from reelkit.media.music.bed import compose_bed
from reelkit.media.music.moods import MOODS
from reelkit.media.music.song import cut_song
from reelkit.media.music.stingers import compose_stinger, stinger_kinds, stinger_lead_s

__all__ = ["MOODS", "compose_bed", "compose_stinger", "cut_song", "stinger_kinds", "stinger_lead_s"]
