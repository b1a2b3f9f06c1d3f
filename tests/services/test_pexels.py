"""Stock libraries against a real server that speaks the sites' documented APIs; what holds for both is tested here for both."""

import io
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelkit.brand import load_brand
from reelkit.errors import FootageError, ReelkitError, ServiceError
from reelkit.model import Scene, Script
from reelkit.parts import Parts
from reelkit.services.folder import FolderLibrary
from reelkit.services.pexels import PexelsSite
from reelkit.services.pixabay import PixabaySite
from reelkit.services.stock_site import StockSite
from reelkit.steps.footage import FootageLibrary, fetch_footage
from tests.services import stock_server as faults
from tests.services.stock_server import KEY, Clock, StockServer, Video, library_of, status, stock_server

SITES = (PexelsSite(), PixabaySite())
BOTH = pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
RIVER = Video(11, "river boat morning")


@pytest.fixture
def server() -> Iterator[StockServer]:
    with stock_server(RIVER) as running:
        yield running


def names(library: FootageLibrary, *terms: str, text: str = "") -> list[str]:
    return [found.id.partition("/")[2] for found in library.search(terms, text=text)]


@BOTH
def test_found_and_fetched(server: StockServer, tmp_path: Path, site: StockSite) -> None:
    """A search gives candidates, and a fetch a real clip with its facts, author, licence and page."""
    library: FootageLibrary = library_of(site, server, tmp_path)
    (clip,) = library.fetch(library.search(["river"]))
    assert clip.id == f"{site.name}/11"
    assert clip.path.read_bytes() == RIVER.file((64, 96))
    assert (clip.width_px, clip.height_px, clip.duration_ms) == (64, 96, 2000)
    assert clip.credit.author in {"Ána Ünal", "Coverr"}
    assert clip.credit.licence == site.licence
    assert clip.credit.page_url in {"https://www.pexels.com/video/river-boat-morning-11/", "https://pixabay.com/videos/id-11/"}
    assert list((tmp_path / "stock").glob("**/*.mp4")) == [clip.path]
    assert KEY not in repr(library) + repr(site)


@BOTH
def test_the_smallest_file_that_fills_the_frame(tmp_path: Path, site: StockSite) -> None:
    """Neither an enlarged file nor a needlessly large one is loaded; where none fills the frame, the largest."""
    small = Video(12, "river", sizes=((34, 60), (36, 64)))
    wide = Video(13, "river", sizes=((96, 64), (192, 96), (384, 216)))
    with stock_server(RIVER, small, wide) as server:
        library = library_of(site, server, tmp_path)
        library.fetch(library.search(["river"]))
        assert sorted(path for path, _ in server.downloads) == ["/files/11/64x96.mp4", "/files/12/36x64.mp4", "/files/13/192x96.mp4"]


@BOTH
def test_upright_then_meaning_then_the_sites_order(tmp_path: Path, site: StockSite) -> None:
    """Upright videos come before others, the nearest in meaning to terms and text before those further off; too short ones never."""
    wide = ((96, 64),)
    videos = [
        Video(1, "river boat sunset", sizes=wide),
        Video(2, "river city"),
        Video(3, "river dogs"),
        Video(4, "river boat"),
        Video(5, "river boat", seconds=0.9),
    ]
    with stock_server(*videos) as server:
        assert names(library_of(site, server, tmp_path), "river boat", text="Dogs like it.") == ["3", "4", "2", "1"]
        assert names(library_of(site, server, tmp_path), "river boat") == ["4", "2", "3", "1"]


@BOTH
def test_strangers_leave_the_ladder_to_go_on(tmp_path: Path, site: StockSite) -> None:
    """What a site finds by a word and means otherwise is not offered: the next rung is asked, and finds what suits."""
    with stock_server(Video(1, "river bank of a city at night"), Video(2, "woman saving money with a banking app")) as server:
        library = library_of(site, server, tmp_path)
        assert names(library, "bank", text="Move a tenth of your salary on the day it arrives.") == []
        assert names(library, "bank", "app", text="Move a tenth of your salary on the day it arrives.") == ["2"]
        script = Script.of("Money app", [Scene(text="Pay yourself first.", search_terms=("bank", "teller"))])
        (clip,) = fetch_footage(script, load_brand("northwind"), libraries=[library])
        assert (clip.id, clip.rung) == (f"{site.name}/2", "topic")


@BOTH
def test_what_says_nothing_of_itself_comes_last(tmp_path: Path, site: StockSite) -> None:
    """A video without a description is judged by having been found: it is offered after those that are known to suit."""
    with stock_server(Video(1, ""), Video(2, "river boat")) as server:
        assert names(library_of(site, server, tmp_path), "river") == ["2", "1"]


@BOTH
def test_without_terms_nothing(server: StockServer, tmp_path: Path, site: StockSite) -> None:
    """A stranger's clip that suits nothing is never offered, and nobody is asked for it."""
    assert names(library_of(site, server, tmp_path)) == names(library_of(site, server, tmp_path), " ") == []
    assert server.questions == []


def test_terms_are_asked_until_there_is_a_choice(tmp_path: Path) -> None:
    """Terms that are not needed cost no request; others than upright videos are asked for only where upright ones are few."""
    videos = [Video(number, "river") for number in range(1, 9)]
    with stock_server(*videos, RIVER) as server:
        names(library_of(PexelsSite(), server, tmp_path), "river", "boat")
        assert [(asked["query"], asked.get("orientation")) for asked in server.questions] == [("river", "portrait")]
        names(library_of(PexelsSite(), server, tmp_path), "boat", "tractor")
        assert [(asked["query"], asked.get("orientation")) for asked in server.questions[1:]] == [
            ("boat", "portrait"),
            ("tractor", "portrait"),
            ("boat", None),
            ("tractor", None),
        ]


@BOTH
def test_answers_and_files_are_kept(server: StockServer, tmp_path: Path, site: StockSite) -> None:
    """Within a day nothing is asked or loaded twice, by any library on the same cache; after a day answers are asked for anew."""
    clock = Clock()
    for _ in range(2):
        library = library_of(site, server, tmp_path, clock)
        library.fetch(library.search(["river"]))
    asked = len(server.questions)
    assert len(server.downloads) == 1
    clock.at_s += 24 * 3600 - 60
    assert names(library_of(site, server, tmp_path, clock), "river") == ["11"]
    assert len(server.questions) == asked
    clock.at_s += 120
    assert names(library_of(site, server, tmp_path, clock), "river") == ["11"]
    assert len(server.questions) == 2 * asked
    kept = [path.read_text() for path in (tmp_path / "stock-answers").rglob("*.json")]
    assert kept and not any(KEY in text for text in kept)


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    """A video that both sites offer lies in the cache once, and comes once in a reel."""
    with stock_server(Video(11, "river boat", luma=90), Video(12, "river", luma=90), Video(13, "boat", luma=120)) as server:
        libraries = [library_of(site, server, tmp_path) for site in SITES]
        scenes = [Scene(text="A river carries boats.", search_terms=("river", "boat"))] * 2
        clips = fetch_footage(Script.of("Rivers", scenes), load_brand("northwind"), libraries=libraries)
    assert [clip.sha256 for clip in clips] == sorted({clip.sha256 for clip in clips}, key=[clip.sha256 for clip in clips].index)
    assert len(list((tmp_path / "stock").glob("**/*.mp4"))) == 2


PASSING = {
    "reset": faults.reset,
    "408": status(408),
    "409": status(409),
    "429": status(429),
    "429 with Retry-After": status(429, {"Retry-After": "2"}),
    "500": status(500),
    "503": status(503),
    "HTML": faults.page,
    "truncated": faults.truncated,
    "half a JSON": faults.half_as_whole,
}


@BOTH
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_search_outlives_what_passes(server: StockServer, tmp_path: Path, site: StockSite, fault: faults.Fault) -> None:
    """After trouble that passes, a search finds what it would have found."""
    server.answer_faults = [fault]
    library = library_of(site, server, tmp_path)
    assert names(library, "river") == ["11"]
    assert library.skipped == ()


STAYING = {
    **PASSING,
    "drip": faults.drip,
    "403": status(403, body=KEY.encode()),
    "404": status(404),
    "413": status(413),
    "422": status(422, body=KEY.encode()),
    "redirect": status(302, {"Location": "http://127.0.0.1:1/"}),
    "hour": status(429, {"Retry-After": "3600"}),
    "wrong shape": faults.wrong_shape,
    "wrong items": faults.wrong_items,
    "endless": faults.endless,
}


@BOTH
@pytest.mark.parametrize("fault", STAYING.values(), ids=STAYING)
def test_a_site_that_fails_is_gone_without(server: StockServer, tmp_path: Path, site: StockSite, fault: faults.Fault) -> None:
    """Trouble that stays makes the library offer nothing, with one line that holds no key, and asks no more for a while."""
    server.answer_faults, server.always = [fault], True
    clock = Clock()
    library = library_of(site, server, tmp_path, clock, answer_s=0.25)
    assert names(library, "river") == []
    (line,) = library.skipped
    assert line.startswith(f"{site.name} ")
    assert "\n" not in line
    assert KEY not in line
    asked = len(server.questions)
    assert names(library, "boat") == []
    assert len(server.questions) == asked
    server.answer_faults, server.always = [], False
    clock.at_s += 3700
    assert names(library, "river") == ["11"]


@BOTH
def test_a_site_that_is_not_there_gives_way(tmp_path: Path, site: StockSite) -> None:
    """A refused connection leaves the reel to the next library; without one, the line says what happened."""
    with stock_server() as gone:
        pass
    script = Script.of("Rivers", [Scene(text="A river.", search_terms=("river", "boat"))])
    folder = tmp_path / "folder"
    folder.mkdir()
    from PIL import Image

    Image.new("RGB", (64, 96), "teal").save(folder / "river.png")
    libraries: list[FootageLibrary] = [library_of(site, gone, tmp_path), FolderLibrary(folder, probe=faults.probe_clip)]
    assert [clip.library for clip in fetch_footage(script, load_brand("northwind"), libraries=libraries)] == ["folder"]
    with pytest.raises(FootageError, match=f"{site.name} cannot be reached, or hung up, also when asked 4 times"):
        fetch_footage(script, load_brand("northwind"), libraries=[library_of(site, gone, tmp_path)])


@BOTH
def test_a_key_that_is_missing_or_refused_is_raised(server: StockServer, tmp_path: Path, site: StockSite) -> None:
    """A key is the user's to mend, so no other library hides that it is wrong; the line names the variable."""
    with pytest.raises(ServiceError, match=f"{site.key_env} is not set; set it in the environment or in .env"):
        library_of(site, server, tmp_path, key=lambda: None).search(["river"])
    with pytest.raises(ServiceError, match=f"{site.name} refused the key; check {site.key_env}"):
        library_of(site, server, tmp_path, key=lambda: "wrong").search(["river"])


UNUSABLE = {
    "404": status(404),
    "403": status(403),
    "HTML": faults.page,
    "HTML as video": faults.disguised_page,
    "half a video": faults.half_as_whole,
    "wrong type": faults.wrong_type,
    "hour": status(429, {"Retry-After": "3600"}),
}


@BOTH
@pytest.mark.parametrize("fault", UNUSABLE.values(), ids=UNUSABLE)
def test_the_next_best_takes_its_place(tmp_path: Path, site: StockSite, fault: faults.Fault) -> None:
    """A clip that cannot be had is replaced by the next candidate, and leaves nothing behind but a line, until it can be had."""
    with stock_server(RIVER, Video(12, "street by a river")) as server:
        server.file_faults = [fault]
        library = library_of(site, server, tmp_path)
        script = Script.of("Rivers", [Scene(text="A river.", search_terms=("river", "boat"))])
        (clip,) = fetch_footage(script, load_brand("northwind"), libraries=[library])
        assert (clip.id, clip.rank) == (f"{site.name}/12", 1)
        (line,) = library.skipped
        assert line.startswith(f"{site.name}/11: ")
        loaded = (path for path in (tmp_path / "stock").rglob("*") if path.is_file() and path.suffix not in (".sqlite", ".sum"))
        assert list(loaded) == [clip.path]
        server.file_faults = []
        assert fetch_footage(script, load_brand("northwind"), libraries=[library])[0].id == f"{site.name}/11"
        assert library.skipped == ()


def test_three_failures_in_a_row_are_enough(tmp_path: Path) -> None:
    """A site whose files cannot be had costs three attempts a reel, not one for each candidate, and is left alone for two minutes."""
    folder, clock = tmp_path / "folder", Clock()
    folder.mkdir()
    for name in ("river 1", "river 2", "river 3"):
        (folder / f"{name}.mp4").write_bytes(Video(0, "", luma=60 + 20 * int(name[-1])).file((64, 96)))
    script = Script.of("Rivers", [Scene(text="A river.", search_terms=("river", "boat"))] * 3)
    with stock_server(*(Video(number, "river") for number in range(1, 9))) as server:
        server.file_faults, server.always = [status(404)], True
        library = library_of(PexelsSite(), server, tmp_path, clock)

        def cast() -> set[str]:
            libraries: list[FootageLibrary] = [library, FolderLibrary(folder, probe=faults.probe_clip)]
            return {clip.library for clip in fetch_footage(script, load_brand("northwind"), libraries=libraries)}

        wanted = library.search(["river"])
        assert cast() == {"folder"}
        assert len(server.downloads) == len(library.skipped) == 3
        assert names(library, "river") == []
        assert library.fetch(wanted) == []
        assert cast() == {"folder"}
        assert len(library.skipped) == 3
        assert len(server.downloads) == 3
        server.file_faults = []
        clock.at_s += 121
        assert cast() == {"pexels"}


def test_failures_over_several_fetches_count_together(tmp_path: Path) -> None:
    """However few clips each round asks for, three that fail in a row are enough; what is kept is given even then."""
    with stock_server(*(Video(number, "river") for number in range(1, 9))) as server:
        library = library_of(PexelsSite(), server, tmp_path)
        wanted = library.search(["river"])
        (kept,) = library.fetch(wanted[:1])
        server.file_faults, server.always = [status(404)], True
        for one in wanted[1:]:
            assert library.fetch([one]) == []
        assert len(server.downloads) == 1 + 3
        assert library.fetch(wanted) == [kept]


def test_a_month_that_is_used_up(server: StockServer, tmp_path: Path) -> None:
    """When the headers say that nothing remains, nobody on this machine asks before the month is over."""
    clock = Clock()
    server.headers = {"X-Ratelimit-Limit": "20000", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": str(int(clock.at_s) + 86400)}
    library = library_of(PexelsSite(), server, tmp_path, clock)
    names(library, "river")
    (line,) = library.skipped
    assert "may be asked again in 24 h" in line
    other = library_of(PexelsSite(), server, tmp_path, clock)
    assert names(other, "boat") == []
    assert len(server.questions) == 1
    clock.at_s += 86401
    assert names(other, "boat") == ["11"]


def test_no_more_than_the_hour_allows(server: StockServer, tmp_path: Path) -> None:
    """The 201st request of an hour is not made."""
    clock = Clock()
    library = library_of(PexelsSite(), server, tmp_path, clock)
    for number in range(100):
        names(library, f"term {number}")
    assert len(server.questions) == 200
    assert names(library, "river") == []
    assert len(server.questions) == 200
    assert "pexels may be asked again in 60 min" in library.skipped[0]


@BOTH
def test_a_planted_key_is_nowhere(server: StockServer, tmp_path: Path, site: StockSite, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever fails, the key stands in no line, traceback, log, or file; and it is sent to the API alone."""
    caplog.set_level(logging.DEBUG)
    said = io.StringIO()
    for fault in (status(500, body=KEY.encode()), status(400, body=KEY.encode()), status(400, body=f"API key {KEY}".encode()), faults.page):
        server.answer_faults, server.always = [fault], True
        library = library_of(site, server, tmp_path)
        try:
            library.search(["river"])
        except ReelkitError:
            said.write(traceback.format_exc())
        said.write(repr(library.skipped) + repr(library))
    server.answer_faults, server.always = [], False
    library = library_of(site, server, tmp_path)
    library.fetch(library.search(["river"]))
    assert KEY not in said.getvalue()
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(KEY in record.getMessage() for record in caplog.records)
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    assert not any(KEY in path for path, _ in server.downloads)


def test_brands_may_name_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand moves to a stock site by one line; nothing is asked and no client loaded before there is something to search."""
    monkeypatch.delenv("PEXELS_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    brand = load_brand("northwind").with_changes({"footage.libraries": ["pexels", "pixabay", "backdrops"]})
    libraries = Parts(brand, outputs=tmp_path).libraries
    assert [library.name for library in libraries] == ["pexels", "pixabay", "backdrops"]
    with pytest.raises(ServiceError, match="PEXELS_API_KEY is not set"):
        libraries[0].search(["river"])
    probe = "import sys, json, reelkit.services.stock, reelkit.services.pexels; print(json.dumps('requests' in sys.modules))"
    assert json.loads(subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout) is False
