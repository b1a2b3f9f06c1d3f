"""Recognisable keys are planted, steps that hold them fail on purpose, and the keys are looked for wherever a run leaves anything.

The stock sites' keys are looked for in ``tests/services/test_pexels.py``, at their own addresses.
"""

import logging
from pathlib import Path
from typing import Any

import pytest

from reelkit.batch.jobs import Job
from reelkit.batch.runner import generate_one, report, run_notebook
from reelkit.model import GenerationResult
from tests.services.servers import Conversation, gives, refuses, serving
from tests.services.supabase_server import Bucket, Supabase

KEYS = {
    "OPENAI_API_KEY": "sk-planted-writer-0123456789",
    "SPEECH_API_KEY": "planted-speech-0123456789abcdef",
    "PEXELS_API_KEY": "Planted563492ad6f91700001Pexels",
    "PIXABAY_API_KEY": "12345678-planted0123456789pixabay",
    "SUPABASE_KEY": "sb_secret_Planted0123456789abcdef",
}
SMALL = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"]}
TEXT = "Cold brew takes time. Give it a night in the fridge."


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    monkeypatch.setenv("SUPABASE_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("REELKIT_CACHE", raising=False)
    (tmp_path / "words.md").write_text(TEXT)


def quotes_every_key(conversation: Conversation) -> None:
    """A server that refuses, and says every key that it can think of."""
    refuses(401, " ".join(KEYS.values()))(conversation)


def breaks_quoting(conversation: Conversation) -> None:
    gives(f"<h1>{' '.join(KEYS.values())}</h1>", status=400, kind="text/html")(conversation)


def failing(step: str, url: str) -> dict[str, Any]:
    """The brand's fields with which this step fails."""
    return {
        "script": {"script.writer": "openai", "script.base_url": url},
        "voice": {"voice.engine": "openai", "voice.name": "alloy", "voice.base_url": url, "voice.key_env": "SPEECH_API_KEY"},
        "upload": {"publishing.store": "supabase", "publishing.bucket": "reels"},
    }[step]


def left(folder: Path, result: GenerationResult, out: str, caplog: pytest.LogCaptureFixture) -> str:
    """All that a run left behind: files, names, output, log, and its result."""
    kept = [path.name + path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()]
    return "".join([*kept, out, caplog.text, repr(result), str(result.error)])


STEPS = ["script", "voice", "upload"]


def planted_in(text: str) -> list[str]:
    return [name for name, key in KEYS.items() if key in text]


def test_a_key_would_be_found() -> None:
    """The search that the other tests trust finds each key."""
    assert planted_in(" ".join(f"x{key}y" for key in KEYS.values())) == list(KEYS)


@pytest.mark.parametrize("reply", [quotes_every_key, breaks_quoting])
@pytest.mark.parametrize("step", STEPS)
def test_no_key_is_left_behind(
    tmp_path: Path,
    step: str,
    reply: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whichever step fails, and whatever the server quotes, no key stands in a file, the output, the log or the result."""
    caplog.set_level(logging.DEBUG)
    with serving(reply) as server, Supabase() as supabase:
        monkeypatch.setenv("SUPABASE_URL", supabase.url)
        supabase.buckets["reels"] = Bucket(writable=False)
        script = None if step == "script" else tmp_path / "words.md"
        overrides = SMALL | failing(step, f"{server.url}/v1")
        result = generate_one("northwind", 1, script=script, overrides=overrides, outputs=tmp_path / "outputs", upload=step == "upload")
        assert server.asked or supabase.asked
    assert not result.success
    assert result.error
    out, err = capfd.readouterr()
    assert planted_in(left(tmp_path / "outputs", result, out + err, caplog)) == []


@pytest.mark.parametrize("step", ["script", "voice"])
def test_no_key_is_left_in_a_notebook(
    tmp_path: Path, step: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A notebook whose step fails holds no key, neither in its parameters nor in what its cells say; nor does the report of it."""
    caplog.set_level(logging.DEBUG)
    with serving(quotes_every_key) as server:
        script = None if step == "script" else tmp_path / "words.md"
        overrides = SMALL | failing(step, f"{server.url}/v1")
        result = run_notebook(Job(brand="northwind", topic_seed=1, script=script, overrides=overrides, outputs=tmp_path / "outputs"))
        assert server.asked
    assert not result.success
    assert result.run_dir is not None
    assert (result.run_dir / "reel.ipynb").is_file()
    report(result.run_dir)
    out, err = capfd.readouterr()
    assert planted_in(left(tmp_path / "outputs", result, out + err, caplog)) == []
