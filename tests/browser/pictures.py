"""Takes the pictures in docs/pictures anew, every live view in both themes: ``python -m tests.browser.pictures``."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.studio import ROOT, SMALL, Studio, exact, open_app, wear

PICTURES = ROOT / "docs" / "pictures"
WIDE_PX = 1180
CHANGES = SMALL | {"output.width_px": 540, "output.height_px": 960, "footage.backdrops": ["light_leaks", "gradient_flow", "bokeh"]}
SHOWN = {
    "tune_brand": {"frame": ".rk-live-frame", "style": ".rk-live-style", "voice": ".rk-live-voice", "music": ".rk-live-music"},
    "reel": {"script": ".rk-live-script", "footage": ".rk-live-footage", "timing": ".rk-live-timing", "findings": ".rk-findings.rk-live"},
    "compare": {"grid": ".rk-live-grid"},
    "tour": {"player": ".rk:has(.rk-stage)"},
    "batch": {"board": ".rk-runs"},
}


def main() -> int:
    """Take the pictures and say what they weigh together."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        studio = Studio(Path(folder) / "studio", changes=CHANGES, names=tuple(SHOWN))
        make_a_night(studio)
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with studio.voila() as address:
            for notebook, views in SHOWN.items():
                page = browser.new_page(viewport={"width": WIDE_PX, "height": 1500})
                open_app(page, address, notebook, ready=next(iter(views.values())))
                prepare(page, notebook)
                for theme in ("light", "dark"):
                    wear(page, theme)
                    for name, place in views.items():
                        save(page.locator(place).first.screenshot(), PICTURES / f"{name}-{theme}.jpg")
                page.close()
        browser.close()
    print(f"{sum(path.stat().st_size for path in PICTURES.iterdir()) / 1e6:.2f} MB in {PICTURES}")
    return 0


def make_a_night(studio: Studio) -> None:
    """Make a batch of short reels, one brand of which speaks a language that its voice does not."""
    lost = studio.folder / "templates" / "brands" / "pulsefit.yaml"
    lost.write_text(lost.read_text().replace("language: en", "language: de"))
    asked = ["--brands", "northwind", "orbit", "pulsefit", "--count", "2", "--length", "15", "--quiet"]
    small = [f"--set={field}={json.dumps(value)}" for field, value in CHANGES.items()]
    subprocess.run([sys.executable, "-m", "reelkit", "batch", *asked, *small], cwd=studio.folder, env=studio.env, check=False)


def prepare(page: Page, notebook: str) -> None:
    """Bring a notebook's views to where they show something."""
    if notebook == "tune_brand":
        exact(page)
        page.get_by_label("Safe zones").select_option("Shorts")
        page.locator("[data-slide='captions.size_px']").evaluate(
            "slide => { slide.value = 104; slide.dispatchEvent(new Event('change', {bubbles: true})) }"
        )
        page.get_by_label("Compare").select_option("side")
        page.wait_for_timeout(2000)
        exact(page, 1)
        page.get_by_role("button", name="Hear calm").click()
        page.wait_for_function("document.querySelector('.rk-live-music audio').currentTime > 2", timeout=60_000)
        page.evaluate("document.querySelector('.rk-live-music audio').pause()")
    elif notebook == "reel":
        page.wait_for_selector(".rk-findings.rk-live", timeout=240_000)
        page.wait_for_selector(".rk-live-timing[data-sound=ready]")
    elif notebook == "tour":
        page.wait_for_function("document.querySelector('.rk-video').readyState >= 2", timeout=60_000)
    elif notebook == "compare":
        page.wait_for_selector(".rk-live-grid[data-ready='4']", timeout=240_000)


def save(png: bytes, path: Path) -> None:
    """Keep a picture small."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.crop((0, 0, picture.width, min(picture.height, 1000))).save(path, "JPEG", quality=78, optimize=True, progressive=True)


if __name__ == "__main__":
    sys.exit(main())
