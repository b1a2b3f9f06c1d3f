"""Interlaced footage as whole pictures: the lines of one moment are kept, and those of the other are drawn between them."""

from __future__ import annotations

from fractions import Fraction

import av
import av.filter

__all__ = ["of_one_moment"]


def of_one_moment(frame: av.VideoFrame) -> av.VideoFrame:
    """Return an interlaced frame as a picture of its first field's moment.

    Nothing but the frame itself is looked at, so that it is the same picture by whatever way it was reached.

    References
    ----------
    Lines are drawn along edges: FFmpeg's filter estdif (edge slope tracing).
    """
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, av.time_base))
    lines, sink = graph.add("estdif", mode="frame"), graph.add("buffersink")
    source.link_to(lines)
    lines.link_to(sink)
    graph.configure()
    graph.push(frame)
    graph.push(None)  # it gives a frame when it has seen the next, or that there is none
    whole = graph.pull()
    assert isinstance(whole, av.VideoFrame)
    return whole
