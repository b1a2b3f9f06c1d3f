"""Runs whose scripts a model writes: what they cost is recorded, and what they know of earlier reels."""

import json
from pathlib import Path
from typing import Any

import pytest

from reelkit.brand import load_brand
from reelkit.errors import ReelkitError, ServiceError
from reelkit.model import Script
from reelkit.parts import Parts
from reelkit.runs.folder import RunFolder, open_run
from reelkit.runs.manifest import manifest_of
from reelkit.steps.script import generate_script
from tests.services.servers import LocalServer, answers, refuses, serving

TEMPLATES = Path(__file__).parents[2] / "templates"
KEY = "sk-planted-0123456789abcdef"
SCENE = "Fresh beans smell of bread and nuts, and the bag has a small valve that lets the gas out slowly over several days."
DRAFT = {
    "topic": "Why the bag breathes",
    "scenes": [
        {"text": text, "search_terms": ["coffee bag", "coffee beans"]} for text in ("The bag breathes.", *[SCENE] * 4, "Follow us.")
    ],
}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_KEY", KEY)
    monkeypatch.setenv("REELKIT_TEMPLATES", str(TEMPLATES))


def a_run(server: LocalServer, outputs: Path, **changes: Any) -> RunFolder:
    """A run that differs from one of the built-in writer by the line that names the writer, and those that say where it is."""
    said = {"writer": "openai", "base_url": f"{server.url}/v1", "model": "tiny", "key_env": "PLANTED_KEY", **changes}
    prices = {"usd_per_million_input_tokens": 1.0, "usd_per_million_output_tokens": 2.0}
    overrides = {f"script.{name}": value for name, value in (prices | said).items()}
    return open_run(load_brand("northwind", templates=TEMPLATES), 3, overrides=overrides, outputs=outputs)


def write(run: RunFolder) -> Script:
    return run.step("script", generate_script, run.brand, 3, writer=Parts.of(run).writer)


def test_what_a_script_costs_stands_in_the_manifest(tmp_path: Path) -> None:
    """Tokens of each call and dollars of the step are kept, also when the run is made again, which asks and pays nothing."""
    with serving(answers(DRAFT, sent=1000, written=500)) as server:
        run = a_run(server, tmp_path)
        script = write(run)
        asked = len(server.asked)
        found = manifest_of(run.folder)
        assert [(call.model, call.input_tokens, call.output_tokens, call.usd) for call in found.calls] == [
            ("tiny", 1000, 500, 0.002)
        ] * asked
        assert found.costs == {"script": pytest.approx(0.002 * asked)}
        again = a_run(server, tmp_path)
        assert write(again) == script
        assert len(server.asked) == asked
    assert (manifest_of(again.folder).calls, manifest_of(again.folder).costs) == (found.calls, found.costs)


def test_earlier_topics_are_told_and_not_taken_again(tmp_path: Path) -> None:
    """The model hears of the brand's reels before this one, not of its own takes; one on the same topic goes back."""
    with serving(answers(DRAFT)) as server:
        run = a_run(server, tmp_path)
        for seed, topic in ((1, "Why a bag breathes"), (3, "An earlier take"), (4, "A later reel")):
            run.ledger.record("northwind", f"000{seed}-other", reel=f"seed {seed}", topic=topic, clips={}, used=(), sha256="ab")
        write(run)
    first, second = (asked.json["messages"] for asked in server.asked[:2])
    assert "not to be repeated: Why a bag breathes." in first[0]["content"]
    assert "topic: 'Why the bag breathes' is 'Why a bag breathes' again" in second[-1]["content"]


def test_a_topic_may_come_again_after_so_many_reels(tmp_path: Path) -> None:
    """The model hears of the brand's last N reels, as many as its file says, and of no others."""
    with serving(answers(DRAFT)) as server:
        run = a_run(server, tmp_path, recent_reels=2)
        for seed, topic in ((11, "Why a bag breathes"), (12, "Cold brew"), (13, "Filters")):
            run.ledger.record("northwind", f"00{seed}-other", reel=f"seed {seed}", topic=topic, clips={}, used=(), sha256="ab")
        assert write(run).topic == "Why the bag breathes"
    assert run.used_topics == ("Filters", "Cold brew")
    assert "not to be repeated: Filters; Cold brew." in server.asked[0].json["messages"][0]["content"]


def test_facts_only_writes_on_the_decks_topics(tmp_path: Path) -> None:
    """The deck gives topic and facts; a number from nowhere is refused."""
    invented = {**DRAFT, "scenes": [*DRAFT["scenes"][:-1], {"text": "97,000 people follow us.", "search_terms": ["crowd", "street"]}]}
    with serving(answers(invented)) as server, pytest.raises(ReelkitError, match="facts: '97,000'; the rule is only numbers"):
        write(a_run(server, tmp_path, facts_only=True))
    deck = load_brand("northwind", templates=TEMPLATES).script.deck
    prompt = server.asked[0].json["messages"][0]["content"]
    topic = (TEMPLATES / "decks" / f"{deck}.yaml").read_text().split("- title: ")[3].partition("\n")[0]
    assert f"Topic: {topic}." in prompt


def test_no_key_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A failed step leaves its key nowhere: not in the line, nor in the run's folder, nor on the terminal."""
    with serving(refuses(401, f"bad key {KEY}")) as server, pytest.raises(ServiceError, match="check PLANTED_KEY") as caught:
        run = a_run(server, tmp_path)
        write(run)
    kept = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    out, err = capfd.readouterr()
    assert "refused the key (401)" in json.loads((run.folder / "run.json").read_text())["reason"]
    assert KEY not in kept + out + err + str(caught.value)


def test_openai_needs_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key OpenAI is not even asked."""
    monkeypatch.delenv("PLANTED_KEY")
    monkeypatch.chdir(tmp_path)
    with serving(answers(DRAFT)) as server, pytest.raises(ServiceError, match=r"there is no PLANTED_KEY; set it, or put it into \.env"):
        write(a_run(server, tmp_path, base_url="https://api.openai.com/v1"))
