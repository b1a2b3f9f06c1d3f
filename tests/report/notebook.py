"""A small notebook that shows every view of a made-up reel, executed for real: what reports are tested with."""

from __future__ import annotations

from pathlib import Path

import av
import nbformat
import numpy as np
from nbclient import NotebookClient

from tests.views import samples

__all__ = ["execute", "make_reel"]

CELLS = (
    ("md", "# A notebook's own title\n\nIt is left out, since a page has one."),
    ("md", "## Brand\n\nWho speaks, in **which** colours. <script>alert('prose')</script>"),
    ("code", "from pathlib import Path\nfrom reelkit import views\nfrom tests.views import samples\n\nviews.brand(samples.brand())"),
    ("md", "## Script"),
    ("code", "script = samples.script()\nviews.script(script, seconds_of=lambda text: len(text) / 14.5, palette=samples.PALETTE)"),
    ("md", "## Voice"),
    (
        "code",
        "audio = samples.audio(script)\nsentences, cues = samples.sentences(audio), samples.cues(audio)\n"
        "views.narration(audio, sentences, cues, palette=samples.PALETTE)",
    ),
    ("code", "views.cues(cues, palette=samples.PALETTE)"),
    ("md", "## Footage"),
    (
        "code",
        "from reelkit.media.stills import jpeg\n"
        "strips = {clip.id: [jpeg(samples.picture(i * 3 + k), width_px=150) for k in range(3)] for i, clip in enumerate(samples.clips())}\n"
        "views.footage(script, samples.clips(), thumbnails=strips, palette=samples.PALETTE)",
    ),
    ("md", "## Reel"),
    (
        "code",
        "from reelkit.media.preview import make_poster, make_preview, reel_stills\n"
        "print('rendering <b>now</b>')\n"
        "reel = Path('reel.mp4')\n"
        "views.frames(reel_stills(reel), palette=samples.PALETTE)",
    ),
    (
        "code",
        "vtt = 'WEBVTT\\n\\n00:00.000 --> 00:01.500\\nWhy does fresh <00:00.600>coffee bubble\\n'\n"
        "mp4 = make_preview(reel, Path('preview.mp4')).read_bytes()\n"
        "poster = make_poster(reel, Path('poster.jpg'), width_px=360).read_bytes()\n"
        "views.player(mp4, vtt=vtt, poster=poster, title=script.topic, reel=samples.reel(reel), palette=samples.PALETTE)",
    ),
    ("md", "## Findings"),
    ("code", "views.findings(samples.findings(), palette=samples.PALETTE)"),
    ("code", "views.run(samples.manifest(), palette=samples.PALETTE)"),
)


def make_reel(path: Path, *, seconds: int = 3, width_px: int = 270, height_px: int = 480) -> Path:
    """Write a short reel of moving colour with sound."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        options = {"preset": "ultrafast", "x264-params": "threads=1:bframes=2:b-adapt=0:keyint=30"}
        video = container.add_stream("libx264", rate=30, options=options)
        video.width, video.height, video.pix_fmt = width_px, height_px, "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="stereo")
        wide = np.concatenate([samples.picture(3, width_px=width_px, height_px=height_px)] * 2, axis=1)
        for number in range(seconds * 30):
            at = number * 3 % width_px
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(wide[:, at : at + width_px]), "rgb24")
            container.mux(video.encode(frame))
        tone = (0.2 * np.sin(np.arange(seconds * 48_000) * 2 * np.pi * 330 / 48_000)).astype(np.float32)
        sound = av.AudioFrame.from_ndarray(np.stack([tone, tone]), "fltp", "stereo")
        sound.rate = 48_000
        fifo = av.AudioFifo()
        fifo.write(sound)
        while (piece := fifo.read(1024, partial=True)) is not None:
            container.mux(audio.encode(piece))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def execute(folder: Path, *, more: tuple[str, ...] = ()) -> Path:
    """Execute the notebook in ``folder`` (with ``more`` code cells at its end) and return its path."""
    make_reel(folder / "reel.mp4")
    made = {"md": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    cells = [made[kind](source) for kind, source in (*CELLS, *(("code", source) for source in more))]
    book = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    NotebookClient(book, timeout=120, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
    path = folder / "reel.ipynb"
    nbformat.write(book, path)
    return path
