import html.parser
import os
from pathlib import Path

import pytest

from reelkit.errors import UploadError
from reelkit.services.folder_store import FolderStore


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "reel.mp4"
    path.write_bytes(b"video")
    return path


class Tags(html.parser.HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def put(store: FolderStore, name: str, path: Path, title: str = "") -> None:
    store.put(name, path, content_type="video/mp4", title=title)


def test_the_index_lists_every_video_with_its_poster(tmp_path: Path, video: Path) -> None:
    """Each published video stands on the page with a poster and captions where there are some, by relative address."""
    store = FolderStore(tmp_path / "out")
    for name in ("northwind/0001.jpg", "northwind/0001.vtt", "northwind/0001.mp4", "pulse/0002.mp4"):
        put(store, name, video, "Cold brew")
    videos = [attrs for tag, attrs in Tags((tmp_path / "out/index.html").read_text()).seen if tag == "video"]
    assert [(found["src"], found.get("poster")) for found in videos] == [
        ("northwind/0001.mp4", "northwind/0001.jpg"),
        ("pulse/0002.mp4", None),
    ]


def test_titles_are_text(tmp_path: Path, video: Path) -> None:
    """A title that holds HTML shows as text, and the page asks no network for anything."""
    store = FolderStore(tmp_path / "out")
    put(store, "north wind/0001.mp4", video, '<script src="https://example.com/x.js"></script>"&')
    page = (tmp_path / "out/index.html").read_text()
    assert "script" not in {tag for tag, _ in Tags(page).seen}
    assert all(
        "//" not in (value or "") for tag, attrs in Tags(page).seen for key, value in attrs.items() if key in ("src", "href", "poster")
    )
    assert "north%20wind/0001.mp4" in page


def test_a_new_take_replaces_the_old_one(tmp_path: Path, video: Path) -> None:
    """The same name with another content holds the new content, once."""
    store = FolderStore(tmp_path / "out")
    put(store, "a/1.mp4", video)
    video.write_bytes(b"another take")
    put(store, "a/1.mp4", video)
    held = store.look("a/1.mp4")
    assert held is not None
    assert held.bytes == len(b"another take")
    assert (tmp_path / "out/index.html").read_text().count("<video") == 1


def test_what_a_killed_writer_left_breaks_no_page(tmp_path: Path, video: Path) -> None:
    """Facts under a temporary name, and facts that cannot be read, are no entry of the page; a new upload of the video mends them."""
    store, folder = FolderStore(tmp_path / "out"), tmp_path / "out/northwind"
    for name in ("1", "2", "3"):
        put(store, f"northwind/{name}.mp4", video)
    (folder / ".tmp-0a1b2c-123-1700000000-4-9.mp4.json").write_bytes((folder / "1.mp4.json").read_bytes())
    (folder / ".tmp-0a1b2c-123-1700000000-5-9.mp4.json").write_text('{"content_ty')
    (folder / "2.mp4.json").write_text('{"content_ty')
    (folder / "3.mp4.json").write_bytes(b"\xff\xfe")
    put(store, "northwind/4.mp4", video)
    page = (tmp_path / "out/index.html").read_text()
    assert [attrs["src"] for tag, attrs in Tags(page).seen if tag == "video"] == ["northwind/1.mp4", "northwind/4.mp4"]
    assert "2 reels" in page
    put(store, "northwind/3.mp4", video)
    assert "northwind/3.mp4" in (tmp_path / "out/index.html").read_text()


@pytest.mark.parametrize("name", ["../x.mp4", "/etc/x.mp4", "a/../../x.mp4", "c:/x.mp4", "..\\x.mp4", ""])
def test_names_stay_inside(tmp_path: Path, video: Path, name: str) -> None:
    """A name that would leave the folder is refused in one line, and nothing is written."""
    with pytest.raises(UploadError, match="must stay inside"):
        put(FolderStore(tmp_path / "out"), name, video)
    assert not (tmp_path / "out").exists()


def test_nothing_is_there_before_it_is_put(tmp_path: Path) -> None:
    """Looking for an object that was never put finds none."""
    assert FolderStore(tmp_path / "out").look("a/1.mp4") is None


@pytest.mark.skipif(os.name != "posix", reason="needs a path that cannot be a folder")
def test_a_disk_that_refuses_is_one_line(tmp_path: Path, video: Path) -> None:
    """A root that cannot be written is told with its path."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UploadError, match=r"upload: .*out.* cannot be written"):
        put(FolderStore(tmp_path / "out"), "a/1.mp4", video)
