import functools
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from reelkit.errors import FootageError
from reelkit.media.backdrops import FAMILIES, draw_backdrop
from reelkit.media.probe import probe_clip
from reelkit.model import Cache, ClipFacts, Fps, Palette
from reelkit.runs.cache import FileCache
from reelkit.services.backdrops import VARIANTS, BackdropLibrary
from reelkit.whole import sha256_of

PALETTE = Palette(background="#0E1033", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF")
draw_short = functools.partial(draw_backdrop, frame_count=24)


def library(cache: Cache, **changes: object) -> BackdropLibrary:
    asked = {
        "families": FAMILIES,
        "width_px": 128,
        "height_px": 192,
        "fps": Fps(num=24),
        "draw": draw_short,
        "probe": probe_clip,
        "workers": 2,
    }
    return BackdropLibrary(PALETTE, cache=cache, **(asked | changes))


def files_in(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".sum")


def loops_in(root: Path) -> list[Path]:
    """The drawn files, each of which has a note beside it, and nothing else."""
    files = files_in(root)
    loops = [path for path in files if path.suffix == ".mp4"]
    assert files == sorted([*loops, *(path.with_suffix(".json") for path in loops)])
    return loops


def test_words_choose_the_family(tmp_path: Path) -> None:
    """Water gets waves, data a grid, a mountain contour lines; the scene's text counts where its terms say nothing."""
    found = library(FileCache(tmp_path))
    assert found.search(["ocean waves"])[0].kin == "waves"
    assert found.search(["data", "computers"])[0].kin == "grid_perspective"
    assert found.search(["mountain trail"])[0].kin == "topographic"
    assert found.search(["nothing"], text="The city never sleeps at night.")[0].kin == "bokeh"


def test_offers_are_bounded_and_steady(tmp_path: Path) -> None:
    """Every scene is offered the same bounded set, each once, and always in the same order."""
    one, other = (library(FileCache(tmp_path)).search(["coffee"], text=text) for text in ("Coffee wakes you.", "Beans travel far."))
    assert len({found.id for found in one}) == len(one) == len(FAMILIES) * VARIANTS
    assert {found.id for found in one} == {found.id for found in other}
    assert one != other
    assert one == library(FileCache(tmp_path)).search(["coffee"], text="Coffee wakes you.")
    assert len({found.kin for found in one[: len(FAMILIES)]}) == len(FAMILIES)


def test_only_the_families_asked_for(tmp_path: Path) -> None:
    """A brand that names families gets no other."""
    found = library(FileCache(tmp_path), families=("waves", "bokeh"))
    assert {candidate.kin for candidate in found.search(["data"])} == {"waves", "bokeh"}


def test_drawn_once(tmp_path: Path) -> None:
    """A backdrop is drawn when it is first wanted, kept, and its clip tells the truth about the file."""
    cache = FileCache(tmp_path)
    wanted = library(cache).search(["sea"])[:3]
    shares: list[float] = []
    clips = library(cache).fetch(wanted, progress=shares.append)
    drawn = loops_in(tmp_path)
    stamps = [path.stat().st_ino for path in files_in(tmp_path)]
    assert [clip.id for clip in clips] == [candidate.id for candidate in wanted]
    assert len(drawn) == 3
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    for clip in clips:
        facts = probe_clip(clip.path)
        assert (clip.width_px, clip.height_px, clip.duration_ms, clip.loops) == (facts.width_px, facts.height_px, 1000, True)
        assert (clip.credit.author, clip.credit.licence) == ("Reelkit", "CC0-1.0")
    assert library(cache).fetch(wanted) == clips
    assert [path.stat().st_ino for path in files_in(tmp_path)] == stamps


def test_what_is_known_of_a_loop_is_of_that_very_file(tmp_path: Path) -> None:
    """A loop that is there is not read again; one in its place is taken for damage and drawn anew; a damaged note is read anew."""
    looked: list[Path] = []

    def probe(path: Path) -> ClipFacts:
        looked.append(path)
        return probe_clip(path)

    drawing = library(FileCache(tmp_path), probe=probe)
    (wanted,) = drawing.search([])[:1]
    (clip,) = drawing.fetch([wanted])
    assert drawing.fetch([wanted]) == [clip]
    assert len(looked) == 1
    other = tmp_path / "other.mp4"
    draw_backdrop(other, family="bokeh", palette=PALETTE, seed=9, width_px=128, height_px=192, fps=Fps(num=24), frame_count=24)
    other.replace(clip.path)
    assert drawing.fetch([wanted]) == [clip]
    assert sha256_of(clip.path) == clip.sha256
    # What was drawn anew is looked into again, unless the system gave it the very place of the one before.
    looks = len(looked)
    clip.path.with_suffix(".json").write_text("{")
    assert drawing.fetch([wanted]) == [clip]
    assert len(looked) == looks + 1


def test_another_palette_or_drawing_is_drawn_anew(tmp_path: Path) -> None:
    """What a backdrop depends on is in its key: colours, size and the version of the drawing."""
    cache = FileCache(tmp_path)
    wanted = library(cache).search([])[:1]
    paths = {library(cache, **change).fetch(wanted)[0].path for change in ({}, {"version": "2"}, {"width_px": 160}, {"fps": Fps(num=25)})}
    assert len(paths) == 4


def test_a_failed_drawing_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    """A drawing that fails raises one line; what was finished beside it stays, nothing half-made does."""

    def draw(path: Path, **asked: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(FootageError, match="No space left") as caught:
        library(FileCache(tmp_path), draw=draw).fetch(library(FileCache(tmp_path)).search([])[:3])
    assert "\n" not in str(caught.value)
    assert files_in(tmp_path) == []


def test_processes_from_a_script_without_a_guard(tmp_path: Path) -> None:
    """Drawing in processes of its own works from a script whose main module cannot be imported a second time."""
    script = tmp_path / "make.py"
    script.write_text(
        textwrap.dedent("""
            import sys
            from pathlib import Path
            from reelkit.media.backdrops.apart import draw_backdrop_apart
            from reelkit.media.probe import probe_clip
            from reelkit.model import Fps, Palette
            from reelkit.runs.cache import FileCache
            from reelkit.services.backdrops import BackdropLibrary

            root = Path(sys.argv[1])
            (root / "ran").mkdir()  # a second run of this script would fail here
            palette = Palette(background="#0E1033", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF")
            library = BackdropLibrary(palette, families=("waves", "bokeh"), width_px=120, height_px=200, fps=Fps(num=24),
                                      cache=FileCache(root / "cache"), draw=draw_backdrop_apart, probe=probe_clip, workers=2)
            print([clip.duration_ms for clip in library.fetch(library.search([])[:2])])
        """)
    )
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "[6000, 6000]", done.stderr
    assert len(loops_in(tmp_path / "cache")) == 2
