import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reelkit.errors import RunError
from reelkit.model import Cache, content_key
from reelkit.runs.cache import FileCache, cache_dir
from reelkit.whole import is_temporary, start_of, sweep_temporaries, whole_file, write_whole
from tests.folders import that_come_and_go

KEY = content_key("a test")


def files_in(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and path.suffix != ".sum"]


def test_fits_the_protocol(tmp_path: Path) -> None:
    """A FileCache is a Cache for the type checker and at run time."""
    cache: Cache = FileCache(tmp_path)
    assert cache.get("speech", KEY, ".wav") is None


def test_keeps_what_was_put(tmp_path: Path) -> None:
    """What was written under the temporary path is got under its key, and only under its room and suffix."""
    cache = FileCache(tmp_path)
    with cache.put("speech", KEY, ".wav") as path:
        assert path.suffix == ".wav"
        path.write_bytes(b"sound")
    kept = cache.get("speech", KEY, ".wav")
    assert kept is not None
    assert kept.read_bytes() == b"sound"
    assert cache.get("speech", KEY, ".json") is None
    assert cache.get("clips", KEY, ".wav") is None
    assert files_in(tmp_path) == [kept]


def test_a_failed_put_leaves_nothing(tmp_path: Path) -> None:
    """An error while writing removes the temporary and is the error that the caller sees."""
    cache = FileCache(tmp_path)
    with pytest.raises(ZeroDivisionError), cache.put("speech", KEY, ".wav") as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError
    assert files_in(tmp_path) == []


def test_a_missing_file_inside_a_put_stays_the_callers_error(tmp_path: Path) -> None:
    """A FileNotFoundError of the caller's own is not taken for 'nothing was written'."""
    cache = FileCache(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"absent\.mp4"), cache.put("clips", KEY, ".mp4"):
        (tmp_path / "absent.mp4").read_bytes()


def test_a_put_that_wrote_nothing_is_said(tmp_path: Path) -> None:
    """Leaving a put without writing raises one line."""
    with pytest.raises(RunError, match="nothing was written"), FileCache(tmp_path).put("speech", KEY, ".wav"):
        pass


@pytest.mark.parametrize(("room", "key", "suffix"), [("../up", KEY, ".wav"), ("speech", "../../etc", ".wav"), ("speech", KEY, "/x.wav")])
def test_names_cannot_leave_the_root(tmp_path: Path, room: str, key: str, suffix: str) -> None:
    """A room, key or suffix that could name another folder is refused."""
    with pytest.raises(RunError, match="cache: room, key and suffix"):
        FileCache(tmp_path).get(room, key, suffix)


def test_file_makes_once(tmp_path: Path) -> None:
    """The maker runs only when there is nothing kept."""
    cache = FileCache(tmp_path)
    calls: list[Path] = []

    def make(path: Path) -> None:
        calls.append(path)
        path.write_text("made")

    assert cache.file("segments", KEY, ".mp4", make) == cache.file("segments", KEY, ".mp4", make)
    assert len(calls) == 1


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:600])


def _zeroed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:300] + bytes(400) + content[700:])


@pytest.mark.parametrize("damage", [_emptied, _cut, _zeroed])
def test_what_is_damaged_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """A file that was emptied, cut or overwritten is not got, by the process that put it or another; making it again mends it."""
    cache, other = FileCache(tmp_path), FileCache(tmp_path)
    kept = cache.file("segments", KEY, ".mp4", lambda path: path.write_bytes(b"whole" * 200))
    for looked in (cache, other):
        assert looked.get("segments", KEY, ".mp4") == kept
    damage(kept)
    # On some systems times move on in steps of up to 10 ms.
    os.utime(kept, ns=(kept.stat().st_atime_ns, kept.stat().st_mtime_ns + 10_000_000))
    for looked in (cache, other):
        assert looked.get("segments", KEY, ".mp4") is None
    assert other.file("segments", KEY, ".mp4", lambda path: path.write_bytes(b"whole" * 200)) == kept
    assert kept.read_bytes() == b"whole" * 200
    assert cache.get("segments", KEY, ".mp4") == kept


def test_what_was_kept_without_a_note_stays(tmp_path: Path) -> None:
    """What a Reelkit before kept has no note beside it: it is got unless it is empty; a note that was cut short is damage."""
    cache = FileCache(tmp_path)
    kept = cache.file("speech", KEY, ".npz", lambda path: path.write_bytes(b"paid for"))
    note = kept.with_name(f"{kept.name}.sum")
    note.unlink()
    assert FileCache(tmp_path).get("speech", KEY, ".npz") == kept
    note.write_text("")
    assert FileCache(tmp_path).get("speech", KEY, ".npz") is None
    note.unlink()
    _emptied(kept)
    assert FileCache(tmp_path).get("speech", KEY, ".npz") is None


def test_a_file_is_digested_once_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process put or found whole is not read again for as long as nobody touches it."""
    cache = FileCache(tmp_path)
    cache.file("segments", KEY, ".mp4", lambda path: path.write_bytes(b"whole"))
    read: list[Path] = []
    monkeypatch.setattr("reelkit.runs.cache._is_whole", lambda path: read.append(path) or True)
    assert cache.get("segments", KEY, ".mp4")
    assert cache.get("segments", KEY, ".mp4")
    assert read == []
    other = FileCache(tmp_path)
    assert other.get("segments", KEY, ".mp4")
    assert other.get("segments", KEY, ".mp4")
    assert len(read) == 1


def _hammer(root: Path) -> None:
    cache = FileCache(root)
    for n in range(20):
        with cache.put("segments", content_key(n), ".bin") as path:
            path.write_bytes(bytes([n]) * 50_000)


def test_processes_write_the_same_keys_at_once(tmp_path: Path) -> None:
    """Several processes that put the same keys leave whole files and no temporaries."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_hammer, args=(tmp_path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    found = files_in(tmp_path)
    assert len(found) == 20
    assert all(len(path.read_bytes()) == 50_000 and len(set(path.read_bytes())) == 1 for path in found)


def test_sweeps_only_what_the_dead_left(tmp_path: Path) -> None:
    """A killed process's temporary goes; one of a living process stays."""
    code = "import os, sys, pathlib; from reelkit.whole import whole_file\n"
    code += "with whole_file(pathlib.Path(sys.argv[1])) as path: path.write_text('half'); os._exit(9)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "reel.mp4")], check=False)
    (left,) = files_in(tmp_path)
    assert is_temporary(left.name)
    with whole_file(tmp_path / "other.txt") as living:
        living.write_text("being written")
        assert sweep_temporaries(tmp_path) == 1
        assert files_in(tmp_path) == [living]
    assert files_in(tmp_path) == [tmp_path / "other.txt"]


def test_a_folder_that_goes_while_it_is_swept_is_no_error(tmp_path: Path) -> None:
    """Others make and remove folders under what is swept, at any moment."""
    with that_come_and_go(tmp_path):
        assert not any(sweep_temporaries(tmp_path) for _ in range(500))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_process_is_known_by_what_no_clock_changes(tmp_path: Path) -> None:
    """Its start is counted from the machine's, whatever its name; one that has ended, buried or not, has none."""
    odd = tmp_path / "a) R 1 (b"
    odd.symlink_to(sys.executable)
    with subprocess.Popen([odd, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        latest = time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")
        assert 0 < start_of(os.getpid()) < start_of(process.pid) <= latest
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert start_of(process.pid) == 0
    assert start_of(process.pid) == 0


def test_trim_drops_what_was_used_longest_ago(tmp_path: Path) -> None:
    """Trimming keeps the latest used files within the size."""
    cache = FileCache(tmp_path)
    for n in range(4):
        os.utime(cache.file("clips", content_key(n), ".bin", lambda path: path.write_bytes(b"x" * 100)), (n, n))
    cache.get("clips", content_key(0), ".bin")
    assert cache.size_bytes() == 400
    assert cache.trim(250) == 200
    assert [n for n in range(4) if cache.get("clips", content_key(n), ".bin")] == [0, 3]
    assert len(list(tmp_path.rglob("*.sum"))) == 2


def test_only_the_caches_own_files_count_and_go(tmp_path: Path) -> None:
    """Whatever else lies in the folder that is named, or in a room, is neither counted nor removed."""
    others = (
        *("notes.txt", "stock/requests.sqlite", f"pip/{KEY}.whl", f"pip/http/{KEY[:2]}/{KEY}.bin", f"go/{KEY[:2]}/{KEY}-d"),
        *(f"shaders/{KEY[:2]}/{KEY[2:40]}", f"speech/{KEY[:2]}/notes.txt", f"speech/{KEY[:2]}/{KEY}.wav/part.wav", f"{KEY[:2]}/{KEY}"),
    )
    for name in others:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    cache = FileCache(tmp_path)
    own = cache.file("stock", KEY, ".mp4", lambda path: path.write_bytes(b"x" * 10))
    assert cache.size_bytes() == 10
    assert cache.trim(0) == 10
    assert {path.relative_to(tmp_path).as_posix() for path in files_in(tmp_path)} == set(others)
    assert not own.exists()


def test_a_write_replaces_whole(tmp_path: Path) -> None:
    """Writing over a file leaves the new content and nothing else."""
    path = tmp_path / "run.json"
    write_whole(path, "first")
    write_whole(path, "naïve second")
    assert path.read_text(encoding="utf-8") == "naïve second"
    assert files_in(tmp_path) == [path]


def test_the_environment_names_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """REELKIT_CACHE wins over the outputs folder."""
    monkeypatch.delenv("REELKIT_CACHE", raising=False)
    assert cache_dir(tmp_path / "outputs") == tmp_path / "outputs" / ".cache"
    monkeypatch.setenv("REELKIT_CACHE", str(tmp_path / "shared"))
    assert cache_dir(tmp_path / "outputs") == tmp_path / "shared"
