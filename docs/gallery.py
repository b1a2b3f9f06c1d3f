"""Draw docs/gallery.png: every caption preset on every family of backdrops, each a frame as the compositor gives it to the encoder.

Run it: ``make gallery``. Columns are families, rows presets; palettes are those of the demo brands, a light one and a plum one in turn.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reelkit.brand import Brand, load_brand, templates_dir
from reelkit.media.backdrops import FAMILIES, draw_backdrop
from reelkit.media.compositor import Compositor
from reelkit.media.fonts import find_font
from reelkit.media.planes import planes_to_rgb
from reelkit.model import CaptionCue, CaptionWord, Clip, Credit, Palette, Shot, Timeline
from reelkit.steps.strengthen import strengthen_captions
from reelkit.whole import sha256_of

SHEET = Path(__file__).with_name("gallery.png")
CELL, GAP, MARGIN = (138, 246), 8, (118, 46)
PAPER, LINE = "#FFFFFF", "#3A3A3A"
COLOURS = ("background", "surface", "primary", "accent", "text")
PALETTES = (
    ("#24150E", "#4A2E1F", "#C4762F", "#F6BE6B", "#FBF3E6"),
    ("#100E33", "#2B2679", "#27C8E8", "#FF8A73", "#F3F6FF"),
    ("#0A0C0D", "#1D2326", "#8FD400", "#D2FF1F", "#FFFFFF"),
    ("#FBF7F0", "#EFE6D8", "#2F6F5E", "#E2725B", "#1E2A26"),
    ("#230F2B", "#42204E", "#E0559A", "#FFC857", "#FFF5FB"),
)
SEEDS = (0, 2, 1, 3, 1, 4, 2, 0, 1, 2)
"""Of the variants that brands get, one for each column."""
WORDS = (("Slow", "mornings", "taste", "better"), ("Look", "up,", "it", "moves"), ("Again,", "and", "faster", "now"))
FRAMES = 24


def main() -> None:
    """Draw the sheet."""
    presets = sorted(path.stem for path in (templates_dir() / "styles").glob("*.yaml"))
    across, down = ((size + GAP) * count for size, count in zip(CELL, (len(FAMILIES), len(presets)), strict=True))
    sheet = Image.new("RGB", (MARGIN[0] + across, MARGIN[1] + down), PAPER)
    label = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(find_font("Inter", 600).path), 15)
    with tempfile.TemporaryDirectory() as scratch:
        for column, family in enumerate(FAMILIES):
            x = MARGIN[0] + column * (CELL[0] + GAP)
            label.text((x + CELL[0] / 2, MARGIN[1] / 2), family.replace("_", " "), LINE, font, anchor="mm")
            palette = Palette(**dict(zip(COLOURS, PALETTES[column % len(PALETTES)], strict=True)))
            clip = _clip(Path(scratch, f"{family}.mp4"), family, palette, SEEDS[column % len(SEEDS)])
            for row, preset in enumerate(presets):
                y = MARGIN[1] + row * (CELL[1] + GAP)
                if not column:
                    label.text((MARGIN[0] - 14, y + CELL[1] / 2), preset.replace("_", " "), LINE, font, anchor="rm")
                brand = _brand(Path(scratch, f"{preset}-{column}.yaml"), preset, palette)
                sheet.paste(_cell(clip, brand, WORDS[(row + column) % len(WORDS)]), (x, y))
    sheet.save(SHEET, optimize=True)


def _clip(path: Path, family: str, palette: Palette, seed: int) -> Clip:
    draw_backdrop(path, family=family, palette=palette, seed=seed, frame_count=FRAMES)
    return Clip(
        id=family,
        library="backdrops",
        path=path,
        sha256=sha256_of(path),
        kind="video",
        width_px=1080,
        height_px=1920,
        duration_ms=FRAMES * 1000 // 30,
        loops=True,
        credit=Credit(author="Reelkit", licence="CC0-1.0"),
    )


def _brand(path: Path, preset: str, palette: Palette) -> Brand:
    """Return a brand that takes the preset as it is."""
    said = {"name": "Gallery", "slug": path.stem.replace("_", "-"), "palette": palette.model_dump(), "script": {"deck": "northwind"}}
    path = path.with_name(f"{said['slug']}.yaml")
    path.write_text(json.dumps({**said, "captions": {"preset": preset}}), encoding="utf-8")
    return load_brand(path)


def _cell(clip: Clip, brand: Brand, words: tuple[str, ...]) -> Image.Image:
    """Return the frame on which the third word is spoken, as small as a cell."""
    spoken = tuple(CaptionWord(text=word, start=5 * number, end=5 * number + 5) for number, word in enumerate(words))
    timeline = strengthen_captions(
        Timeline(
            brand=brand.slug,
            topic="Gallery",
            frame_count=FRAMES,
            background=brand.palette.background,
            shots=(Shot(clip=clip, start=0, end=FRAMES),),
            cues=(CaptionCue(words=spoken, start=0, end=FRAMES),),
            caption_style=brand.captions,
        )
    )
    with Compositor(timeline) as compositor:
        rgb = planes_to_rgb(compositor.frame_at(13))
    return Image.fromarray(np.ascontiguousarray(cv2.resize(rgb, CELL, interpolation=cv2.INTER_AREA)))


if __name__ == "__main__":
    main()
