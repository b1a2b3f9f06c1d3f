from pathlib import Path

import pytest

from reelkit.brand import Brand, BrandPublishing, BrandScript
from reelkit.errors import UploadError
from reelkit.model import Fps, Palette, Reel, UploadResult
from reelkit.services.folder_store import FolderStore
from reelkit.steps.upload import Store, upload_video
from reelkit.whole import sha256_of

PALETTE = Palette(background="#101010", surface="#202020", primary="#C8742B", accent="#FFD23F", text="#FFFFFF")


def a_brand(prefix: str = "") -> Brand:
    script = BrandScript(deck="northwind")
    return Brand(name="Northwind", slug="northwind", palette=PALETTE, script=script, publishing=BrandPublishing(prefix=prefix))


def a_reel(folder: Path, content: bytes = b"a reel's bytes") -> Reel:
    path = folder / "reel.mp4"
    path.write_bytes(content)
    return Reel(
        path=path,
        sha256=sha256_of(path),
        bytes=len(content),
        width_px=1080,
        height_px=1920,
        fps=Fps(num=30),
        frame_count=90,
        loudness_lufs=-14.0,
        true_peak_dbtp=-1.5,
    )


def state_of(root: Path) -> dict[str, tuple[bytes, int]]:
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file() and path.name != ".lock"}


def test_publishes_and_reads_back(tmp_path: Path) -> None:
    """The object holds the reel's bytes, and address, size and hash come from what was read back."""
    store: Store = FolderStore(tmp_path / "published")
    reel = a_reel(tmp_path)
    result = upload_video(reel, a_brand("spring/"), store=store, name="0001-abc")
    assert result == UploadResult(url=(tmp_path / "published/spring/northwind/0001-abc.mp4").as_uri(), bytes=reel.bytes, etag=reel.sha256)
    assert store.look("spring/northwind/0001-abc.mp4") == result


def test_repeating_changes_nothing(tmp_path: Path) -> None:
    """A second upload of the same run leaves every file as it was, to its time of change."""
    store = FolderStore(tmp_path / "published")
    poster = tmp_path / "poster.jpg"
    poster.write_bytes(b"picture")
    first = upload_video(a_reel(tmp_path), a_brand(), store=store, name="0001-abc", title="Cold brew", beside=[poster])
    before = state_of(store.root)
    assert upload_video(a_reel(tmp_path), a_brand(), store=store, name="0001-abc", title="Cold brew", beside=[poster]) == first
    assert state_of(store.root) == before


def test_other_shapes_keep_their_names(tmp_path: Path) -> None:
    """The reel in another shape is an object of its own beside the reel, and so is its poster."""
    store = FolderStore(tmp_path / "published")
    names = ("reel-1x1.mp4", "poster-1x1.jpg", "poster.jpg", "my-words.txt")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    upload_video(a_reel(tmp_path), a_brand(), store=store, name="0001-abc", beside=[tmp_path / name for name in names])
    held = {path.name: path.read_bytes().decode() for path in (store.root / "northwind").iterdir() if path.stem.startswith("0001-abc")}
    assert {name: held[f"0001-abc{ending}"] for name, ending in zip(names, ("-1x1.mp4", "-1x1.jpg", ".jpg", ".txt"), strict=True)} == {
        name: name for name in names
    }


class Forgetful:
    """A store that takes everything and holds half of it."""

    def put(self, name: str, path: Path, *, content_type: str, title: str) -> None:
        self.kept = path.read_bytes()[:3]

    def look(self, name: str) -> UploadResult | None:
        return UploadResult(url="x", bytes=len(self.kept), etag="")


def test_a_store_that_does_not_hold_what_was_sent_is_found(tmp_path: Path) -> None:
    """An upload counts only when the read back agrees on the size."""
    with pytest.raises(UploadError, match=r"brand 'northwind': upload: the store holds 3 bytes .* 14 bytes were sent"):
        upload_video(a_reel(tmp_path), a_brand(), store=Forgetful())
