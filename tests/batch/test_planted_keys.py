"""Recognisable keys are planted, steps that hold them fail on purpose, and the keys are looked for wherever a run leaves anything.

The stock sites are asked at their own addresses, through a proxy that refuses: Pixabay's key stands in the address. What they answer
themselves is looked at in ``tests/services/test_pexels.py``.
"""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reelkit.batch.jobs import Job
from reelkit.batch.runner import generate_one, report, run_notebook
from reelkit.cli import main
from reelkit.model import GenerationResult
from reelkit.runs.manifest import manifest_of
from tests.services.servers import Conversation, gives, refuses, serving
from tests.services.supabase_server import Bucket, Supabase

KEYS = {
    "OPENAI_API_KEY": "sk-planted-writer-0123456789",
    "SPEECH_API_KEY": "planted-speech-0123456789abcdef",
    "PEXELS_API_KEY": "Planted563492ad6f91700001Pexels",
    "PIXABAY_API_KEY": "12345678-planted0123456789pixabay",
    "SUPABASE_KEY": "sb_secret_Planted0123456789abcdef",
    "WEATHER_TOKEN": "planted0123456789abcdefweather",
    "WEBHOOK": "T0PlantedB0/webhook0123456789abcdef",
}
TEMPLATES = Path(__file__).parents[2] / "templates"
SMALL = {"output.width_px": 270, "output.height_px": 480, "footage.backdrops": ["gradient_flow"]}
TEXT = "Cold brew takes time. Give it a night in the fridge."


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    monkeypatch.setenv("SUPABASE_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("REELKIT_CACHE", raising=False)
    (tmp_path / "words.md").write_text(TEXT)


QUOTED = {f"x-{name.lower().replace('_', '-')}": key for name, key in KEYS.items()}


def quotes_every_key(conversation: Conversation) -> None:
    """A server that refuses, and says every key that it can think of, in headers and body."""
    refuses(401, " ".join(KEYS.values()), headers=QUOTED)(conversation)


def fails_quoting(conversation: Conversation) -> None:
    """A server that fails, and gives back all that it was given: address and headers, the key among them."""
    asked = conversation.server.asked[-1]
    given = " ".join([*(value for name, value in asked.headers.items() if name in ("authorization", "apikey")), asked.path])
    said = {"message": given, "error": {"message": given}}
    gives(json.dumps(said), status=500, headers={"x-given": given})(conversation)


def breaks_quoting(conversation: Conversation) -> None:
    gives(f"<h1>{' '.join(KEYS.values())}</h1>", status=400, kind="text/html")(conversation)


def failing(step: str, url: str) -> dict[str, Any]:
    """The brand's fields with which this step fails."""
    return {
        "script": {"script.writer": "openai", "script.base_url": url},
        "voice": {"voice.engine": "openai", "voice.name": "alloy", "voice.base_url": url, "voice.key_env": "SPEECH_API_KEY"},
        "pexels": {"footage.libraries": ["pexels"]},
        "pixabay": {"footage.libraries": ["pixabay"]},
        "upload": {"publishing.store": "supabase", "publishing.bucket": "reels"},
        "ledger": {"ledger": "supabase"},
    }[step]


def left(folder: Path, result: GenerationResult, out: str, caplog: pytest.LogCaptureFixture) -> str:
    """All that a run left behind: files, names, output, log, and its result."""
    kept = [path.name + path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()]
    return "".join([*kept, out, caplog.text, repr(result), str(result.error)])


STEPS = ["script", "pexels", "pixabay", "voice", "upload", "ledger"]


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
        monkeypatch.setenv("SUPABASE_URL", server.url if step == "ledger" else supabase.url)
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        supabase.buckets["reels"] = Bucket(writable=False)
        script = None if step == "script" else tmp_path / "words.md"
        overrides = SMALL | failing(step, f"{server.url}/v1")
        result = generate_one("northwind", 1, script=script, overrides=overrides, outputs=tmp_path / "outputs", upload=step == "upload")
        assert server.asked or supabase.asked
    assert not result.success
    assert result.error
    out, err = capfd.readouterr()
    assert planted_in(left(tmp_path / "outputs", result, out + err, caplog)) == []


def only(part: str, reply: Any) -> Any:
    """A team's ledger that is empty and well, but for this part of it."""

    def answer(conversation: Conversation) -> None:
        (reply if part in conversation.path else gives("[]"))(conversation)

    return answer


@pytest.mark.parametrize("reply", [quotes_every_key, fails_quoting])
@pytest.mark.parametrize("step", ["script", "pixabay", "voice", "upload", "claims", "records"])
def test_no_key_is_left_in_a_notebook(
    tmp_path: Path,
    step: str,
    reply: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A notebook whose step fails, the last ones too, holds no key, neither in its parameters nor in what its cells say; nor do its
    report, its manifest, the log and the output."""
    caplog.set_level(logging.DEBUG)
    ledger = {"claims": "reelkit_claim_clips", "records": "reelkit_record"}.get(step, "")
    with serving(only(ledger, reply)) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        monkeypatch.setenv("SUPABASE_URL", server.url)
        script = None if step == "script" else tmp_path / "words.md"
        overrides = SMALL | failing("ledger" if ledger else step, f"{server.url}/v1")
        job = Job(
            brand="northwind", topic_seed=1, script=script, overrides=overrides, outputs=tmp_path / "outputs", upload=step == "upload"
        )
        result = run_notebook(job)
        assert any(ledger in asked.path for asked in server.asked)
    assert not result.success
    assert result.run_dir is not None
    manifest = manifest_of(result.run_dir)
    assert manifest.step == {"pixabay": "footage", "claims": "footage", "records": "ledger"}.get(step, step)
    assert (result.run_dir / "reel.ipynb").is_file()
    assert manifest.reason in report(result.run_dir).read_text().replace("&#x27;", "'").replace("&#39;", "'")
    out, err = capfd.readouterr()
    assert planted_in(left(tmp_path / "outputs", result, out + err, caplog)) == []


FUNCTION = """
import os

def weather():
    raise OSError(f"401 Client Error: Unauthorized for url: {ADDRESS}?token={os.environ['WEATHER_TOKEN']}")
"""


@pytest.mark.parametrize("address", ["https://api.example/v1", "/v1"])
def test_no_key_of_a_brands_function_is_left_behind(
    tmp_path: Path, address: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A function of the brand's own that fails quoting the key that it used is told, without the key, by both ways to a reel."""
    (tmp_path / "clips.py").write_text(FUNCTION.replace("{ADDRESS}", address))
    overrides = SMALL | {"overlays.outro": f"{tmp_path / 'clips.py'}:weather"}
    job = Job(brand="northwind", topic_seed=1, script=tmp_path / "words.md", overrides=overrides, outputs=tmp_path / "outputs")
    made = generate_one("northwind", 1, script=job.script, overrides=overrides, outputs=tmp_path / "here")
    noted = run_notebook(job)
    assert noted.run_dir is not None
    assert (noted.run_dir / "reel.ipynb").is_file()
    assert "[key]" in (noted.run_dir / "reel.ipynb").read_text()
    for result in (made, noted):
        assert "weather: it failed: OSError: 401 Client Error" in (result.error or "")
    out, err = capfd.readouterr()
    assert planted_in(left(tmp_path / "here", made, out + err, caplog) + left(tmp_path / "outputs", noted, "", caplog)) == []


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A studio with one brand, to change; its brand file."""
    for kind in ("decks", "prompts", "styles", "logos"):
        shutil.copytree(TEMPLATES / kind, tmp_path / "templates" / kind)
    path = tmp_path / "templates" / "brands" / "northwind.yaml"
    path.parent.mkdir()
    shutil.copy(TEMPLATES / "brands" / "northwind.yaml", path)
    monkeypatch.setenv("REELKIT_TEMPLATES", str(tmp_path / "templates"))
    monkeypatch.setenv("REELKIT_OUTPUTS", str(tmp_path / "outputs"))
    return path


def change(path: Path, fields: dict[str, Any]) -> None:
    yaml = YAML()
    written = yaml.load(path.read_text())
    for name, value in fields.items():
        *groups, last = name.split(".")
        node = written
        for group in groups:
            node = node.setdefault(group, {})
        node[last] = value
    with path.open("w") as file:
        yaml.dump(written, file)


@pytest.mark.parametrize("reply", [quotes_every_key, breaks_quoting])
def test_doctor_tells_no_key(
    studio: Path, reply: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Every service of a brand refuses and quotes every key: doctor has a line for each, and no key."""
    caplog.set_level(logging.DEBUG)
    with serving(reply) as server:
        monkeypatch.setenv("SUPABASE_URL", server.url)
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        for step in STEPS:
            change(studio, failing(step, f"{server.url}/v1"))
        change(studio, {"footage.libraries": ["pexels", "pixabay"]})
        assert main(["doctor", "--json"]) == 1
    out, err = capfd.readouterr()
    failed = {check["name"] for check in json.loads(out) if not check["well"]}
    services = {f"northwind: {what}" for what in ("writer", "voice", "store", "ledger")}
    assert failed >= services | {"pexels", "pixabay"}
    assert planted_in(out + err + caplog.text) == []


def test_a_batch_and_its_webhook_tell_no_key(
    studio: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A night that fails, told to a webhook that fails as well: neither the writer's key nor the webhook's secret is left anywhere."""
    caplog.set_level(logging.DEBUG)
    with serving(quotes_every_key) as server:
        change(studio, SMALL | failing("script", f"{server.url}/v1"))
        hook = f"{server.url}/hooks/{KEYS['WEBHOOK']}"
        assert main(["batch", "--brands", "northwind", "--count", "1", "--workers", "1", "--webhook", hook]) != 0
        assert any(asked.path.startswith("/hooks/") for asked in server.asked)
        assert any(asked.path.startswith("/v1/") for asked in server.asked)
    out, err = capfd.readouterr()
    assert "webhook 127.0.0.1 refused the key (401)" in err
    kept = [path.name + path.read_bytes().decode("utf-8", "replace") for path in studio.parents[2].glob("outputs/**/*") if path.is_file()]
    assert kept
    assert planted_in("".join([*kept, out, err, caplog.text])) == []
