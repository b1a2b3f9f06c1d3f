"""A folder that reels are published to, with a page that shows them: a shared drive, or what a web server serves."""

from __future__ import annotations

import html
import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from reelkit.errors import UploadError
from reelkit.model import UploadResult, Value
from reelkit.whole import is_temporary, sha256_of, whole_file, write_whole

__all__ = ["FolderStore"]

_FACTS = ".json"


class _Facts(Value):
    """What stands beside a file."""

    content_type: str
    title: str
    bytes: int
    sha256: str


class FolderStore:
    """Objects are files under ``root``; beside each stands a small JSON with its type, title and hash; ``index.html`` lists the videos.

    Parameters
    ----------
    root : Path
        Created on the first upload.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).resolve()

    def put(self, name: str, path: Path, *, content_type: str, title: str) -> None:
        """Copy a file in whole, unless it is there already, and bring the index up to date.

        Raises
        ------
        UploadError
            When the name leaves the folder, or the disk refuses.
        """
        from filelock import FileLock

        target = self._path(name)
        try:
            digest = sha256_of(path)
            facts = _Facts(content_type=content_type, title=title, bytes=path.stat().st_size, sha256=digest)
            self.root.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".lock"):
                if not (target.is_file() and sha256_of(target) == digest):
                    with whole_file(target) as temporary:
                        shutil.copyfile(path, temporary)
                _write_if_new(_facts_path(target), facts.model_dump_json(indent=2) + "\n")
                _write_if_new(self.root / "index.html", self._page())
        except OSError as error:
            raise UploadError(f"upload: {error.filename or target} cannot be written: {error.strerror}") from None

    def look(self, name: str) -> UploadResult | None:
        """Read an object back: its address, size and hash as they are on the disk."""
        path = self._path(name)
        if not path.is_file():
            return None
        return UploadResult(url=path.as_uri(), bytes=path.stat().st_size, etag=sha256_of(path))

    def _path(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
            raise UploadError(f"upload: object name {name!r} must stay inside {self.root}; check publishing.prefix")
        return self.root.joinpath(*parts)

    def _page(self) -> str:
        # What a writer that was killed left behind has a temporary name, or may not be whole.
        paths = sorted(path for path in self.root.rglob(f"*.mp4{_FACTS}") if not is_temporary(path.name))
        videos = [self._item(path, facts) for path in paths if (facts := _facts_in(path))]
        items = "\n".join(videos)
        return _PAGE.format(count=f"{len(videos)} reel{'' if len(videos) == 1 else 's'}", items=items)

    def _item(self, facts_path: Path, facts: _Facts) -> str:
        video = facts_path.with_name(facts_path.name.removesuffix(_FACTS))
        name = video.relative_to(self.root)
        poster, captions = name.with_suffix(".jpg"), name.with_suffix(".vtt")
        has_poster = f' poster="{_address(poster)}"' if (self.root / poster).is_file() else ""
        track = f'<track kind="captions" src="{_address(captions)}" label="Captions">' if (self.root / captions).is_file() else ""
        title = html.escape(facts.title or name.stem)
        return (
            f'<figure><video controls preload="none" playsinline{has_poster} src="{_address(name)}" aria-label="{title}">{track}</video>'
            f"<figcaption><strong>{title}</strong><span>{html.escape(name.parent.name)}, {facts.bytes / 1e6:.1f} MB</span>"
            f'<a href="{_address(name)}" download>Download</a></figcaption></figure>'
        )


def _facts_path(target: Path) -> Path:
    return target.with_name(target.name + _FACTS)


def _facts_in(path: Path) -> _Facts | None:
    try:
        return _Facts.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def _address(name: Path) -> str:
    return html.escape(quote(name.as_posix()))


def _write_if_new(path: Path, text: str) -> None:
    if not (path.is_file() and path.read_bytes() == text.encode()):
        write_whole(path, text)


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Published reels</title>
<style>
:root {{
  color-scheme: light dark;
  --ink: light-dark(#1c1b19, #f2f0ec); --soft: light-dark(#66625c, #a9a49c); --page: light-dark(#faf8f5, #161514);
}}
body {{
  margin: 0; padding: 2.5rem clamp(1rem, 4vw, 4rem);
  background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
}}
h1 {{ font-size: 1.75rem; margin: 0; letter-spacing: -0.01em; }}
p {{ margin: 0.25rem 0 2rem; color: var(--soft); }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 2rem 1.5rem; }}
figure {{ margin: 0; }}
video {{ width: 100%; aspect-ratio: 9 / 16; border-radius: 14px; background: #000; object-fit: cover; display: block; }}
figcaption {{ display: grid; gap: 0.1rem; padding-top: 0.7rem; font-size: 0.9rem; }}
figcaption span, figcaption a {{ color: var(--soft); }}
</style>
</head>
<body>
<h1>Published reels</h1>
<p>{count}</p>
<main>
{items}
</main>
</body>
</html>
"""
