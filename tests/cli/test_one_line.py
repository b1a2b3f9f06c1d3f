"""A brand moves to a service by one line of its file: doctor says how it is, before and after, and a reel is made with it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reelkit.runs.cache import FileCache
from reelkit.runs.manifest import Manifest, manifest_of
from tests.batch.studio import make_studio
from tests.cli.conftest import Studio
from tests.services.postgres import Database
from tests.services.servers import Conversation, Reply, answers, gives, refuses, serving
from tests.services.stock_gate import stock_gate
from tests.services.stock_server import Video
from tests.services.supabase_server import KEY as SUPABASE_KEY
from tests.services.supabase_server import Supabase
from tests.services.voices import JOE, as_wav, spoken

KEY = "sk-planted-0123456789abcdef"
SCENES = ["Cold brew takes a whole night.", "Cold water draws slowly.", "Follow us for more."]
SCRIPT = {"topic": "Patience", "scenes": [{"text": text, "search_terms": ["coffee cup", "cold coffee"]} for text in SCENES]}
MODELS = json.dumps({"data": [{"id": "gpt-5.4-mini"}, {"id": "gpt-4o-mini-tts"}]})
KEYS = ("OPENAI_API_KEY", "PEXELS_API_KEY", "PIXABAY_API_KEY", "SUPABASE_URL", "SUPABASE_KEY")


def openai(cache: FileCache) -> Reply:
    """A server that writes and speaks, for whoever has the key."""

    def reply(conversation: Conversation) -> None:
        asked = conversation.server.asked[-1]
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            refuses(401, "Incorrect API key provided")(conversation)
        elif asked.path.endswith("/audio/speech"):
            gives(as_wav(*spoken([asked.json["input"]], cache)), kind="audio/wav")(conversation)
        else:
            (gives(MODELS) if asked.path.endswith("/models") else answers(SCRIPT))(conversation)

    return reply


class Services(NamedTuple):
    """What answers on this machine, and the keys to it."""

    openai_url: str
    env: dict[str, str]
    store: Supabase


@pytest.fixture(scope="module")
def services(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    videos = [Video(number, "coffee cup", seconds=3.0, sizes=((270, 480),), drift=3) for number in range(1, 9)]
    with ExitStack() as stack:
        server = stack.enter_context(serving(openai(FileCache(tmp_path_factory.mktemp("server")))))
        store = stack.enter_context(Supabase(database))
        _, named = stack.enter_context(stock_gate(tmp_path_factory.mktemp("gate"), *videos))
        keys = {"OPENAI_API_KEY": KEY, "SUPABASE_URL": store.url, "SUPABASE_KEY": SUPABASE_KEY}
        yield Services(server.url, named | keys, store)


def written_by_a_model(run: Manifest, folder: Path, services: Services) -> None:
    assert json.loads((folder / "script.json").read_bytes())["topic"] == "Patience"
    # What was found in the first draft was sent back, at most twice.
    assert [(call.model, call.input_tokens, call.output_tokens) for call in run.calls] == [("gpt-5.4-mini", 900, 300)] * 3
    assert run.facts["topic"] == "Patience"


def spoken_by_a_server(run: Manifest, folder: Path, services: Services) -> None:
    assert {call.model for call in run.calls} == {"gpt-4o-mini-tts"}
    assert guessed(folder) == 0


def spoken_by_piper(run: Manifest, folder: Path, services: Services) -> None:
    assert "piper-tts" in run.versions
    assert guessed(folder) == 0


def guessed(folder: Path) -> int:
    return int(json.loads((folder / "timeline.json").read_bytes())["estimated_words"])


def shown_from_pexels(run: Manifest, folder: Path, services: Services) -> None:
    shown_from(folder, "pexels", "Pexels License", "https://www.pexels.com/video/coffee-cup-")


def shown_from_pixabay(run: Manifest, folder: Path, services: Services) -> None:
    shown_from(folder, "pixabay", "Pixabay Content License", "https://pixabay.com/videos/id-")


def shown_from(folder: Path, site: str, licence: str, page: str) -> None:
    """Author, licence and page stand in credits, report and publishing texts."""
    shots = json.loads((folder / "timeline.json").read_bytes())["shots"]
    credit = next(shot["clip"]["credit"] for shot in shots if shot["clip"]["library"] == site)
    assert (credit["licence"], credit["page_url"].startswith(page)) == (licence, True)
    for name in ("credits.txt", "report.html", "publishing.json"):
        text = (folder / name).read_text(encoding="utf-8")
        assert all(credit[said] in text for said in ("author", "licence", "page_url")), name


def published(run: Manifest, folder: Path, services: Services) -> None:
    held = {name: len(one.content) for (bucket, name), one in services.store.objects.items() if bucket == "reels"}
    stem = f"ada/{folder.name}"
    assert set(held) == {f"{stem}{suffix}" for suffix in (".mp4", ".jpg", ".vtt", ".srt", ".txt", ".html", ".json")} & set(held)
    assert {f"{stem}.mp4", f"{stem}.jpg", f"{stem}.vtt", f"{stem}.html"} <= set(held)
    assert held[f"{stem}.mp4"] == (folder / "reel.mp4").stat().st_size
    assert run.published is not None
    assert run.published.url == f"{services.store.url}/storage/v1/object/public/reels/{stem}.mp4"


def known_to_the_team(run: Manifest, folder: Path, services: Services) -> None:
    assert services.store.database is not None
    row = services.store.database.ask("select run, topic, finished_at is not null from public.reelkit_reels where brand = 'ada'")
    assert row == f"{folder.name}|{run.facts['topic']}|t"


LINES: dict[str, tuple[str, str, str, str, Any]] = {
    "writer": (
        "script: {deck: ada, length_s: 4, writer: openai, base_url: URL/v1}",
        "ada: writer",
        "has the model 'gpt-5.4-mini'",
        "refused the key (401); check OPENAI_API_KEY",
        written_by_a_model,
    ),
    "speech": (
        "voice: {engine: openai, name: alloy, base_url: URL/v1}",
        "ada: voice",
        "has the model 'gpt-4o-mini-tts'",
        "refused the key (401); check OPENAI_API_KEY",
        spoken_by_a_server,
    ),
    "piper": (f"voice: {{engine: piper, name: {JOE}}}", "ada: voice", "piper is ready", "", spoken_by_piper),
    "pexels": (
        "footage: {libraries: [pexels, backdrops], backdrops: [gradient_flow]}",
        "pexels",
        "pexels answers, and takes the key; it found 8 videos",
        "PEXELS_API_KEY is not set",
        shown_from_pexels,
    ),
    "pixabay": (
        "footage: {libraries: [pixabay, backdrops], backdrops: [gradient_flow]}",
        "pixabay",
        "pixabay answers, and takes the key; it found 8 videos",
        "PIXABAY_API_KEY is not set",
        shown_from_pixabay,
    ),
    "store": (
        "publishing: {store: supabase, bucket: reels}",
        "ada: store",
        "Supabase has the bucket 'reels', which is public, and takes the key",
        "there is no SUPABASE_URL and SUPABASE_KEY in the environment or .env",
        published,
    ),
    "ledger": (
        "ledger: supabase",
        "ada: ledger",
        "Supabase has the team's ledger (reelkit_reels), and takes the key",
        "there is no SUPABASE_URL and SUPABASE_KEY in the environment or .env",
        known_to_the_team,
    ),
}


@pytest.mark.parametrize("service", LINES)
def test_one_line_moves_a_brand(studio: Studio, services: Services, service: str) -> None:
    """The line alone: without its key doctor says what is missing, with it that it is well, and a reel is made with
    it that holds every must."""
    line, name, well, missing, look = LINES[service]
    line = line.replace("URL", services.openai_url)
    make_studio(studio.folder, ["ada"])
    brand = studio.folder / "templates" / "brands" / "ada.yaml"
    before = brand.read_text().splitlines()
    key = line.partition(":")[0]
    brand.write_text("\n".join([*(each for each in before if not each.startswith(f"{key}:")), line]) + "\n")
    for other in ("bix", "cleo"):
        brand.with_name(f"{other}.yaml").unlink(missing_ok=True)

    if missing:
        without = studio.asked("doctor", code=1, env=dict.fromkeys(KEYS, ""))
        told = {check["name"]: check for check in without}[name]
        assert not told["well"]
        assert missing in told["told"]
    told = {check["name"]: check for check in studio.asked("doctor", env=services.env)}[name]
    assert told["well"], told
    assert well in told["told"]

    also = {"store": ["--upload"], "piper": ["--length", "6"]}.get(service, [])
    made = studio.asked("make", "--brand", "ada", "--seed", "1", "--quiet", *also, env=services.env)
    folder = studio.folder / made["run_dir"]
    run = manifest_of(folder)
    look(run, folder, services)
    assert not any(finding.verdict == "fail" for finding in run.findings)
    assert KEY not in "".join(path.read_bytes().decode("utf-8", "replace") for path in folder.iterdir())
