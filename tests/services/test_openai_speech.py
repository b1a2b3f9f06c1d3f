"""Speech over a real server on loopback that speaks OpenAI's protocol and returns real speech, with all that can go wrong on the way."""

import json
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reelkit.errors import ReelkitError, ServiceError, VoiceError
from reelkit.model import ServiceCall
from reelkit.runs.cache import FileCache
from reelkit.services.hibari import HibariVoice
from reelkit.services.openai_speech import OpenAISpeech
from tests.services.servers import Conversation, Reply, closed_port, drips, drips_headers, endless, gives, refuses, resets, serving
from tests.services.voices import as_wav, read_mono

KEY = "sk-planted-0123456789abcdef"
TEXT = "Honey never spoils, and bees know it."


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    (breath,) = HibariVoice(cache=FileCache(tmp_path_factory.mktemp("said"))).speak(TEXT)
    return as_wav(breath.samples, breath.rate_hz)


class Made:
    """A voice on a server, and what it did."""

    def __init__(self, url: str, folder: Path, **how: Any) -> None:
        self.calls: list[ServiceCall] = []
        self.waits: list[float] = []
        given = {"key": KEY, "model": "tiny-tts", "sleep": self.waits.append, **how}
        self.voice = OpenAISpeech(
            "alloy", base_url=f"{url}/v1", read=read_mono, cache=FileCache(folder), pace=len, answered=self.calls.append, **given
        )


def says(wav: bytes) -> Reply:
    return gives(wav, kind="audio/wav")


def speaks(conversation: Conversation) -> None:
    """A server that says what it is asked, as the documentation has it."""
    asked = conversation.server.asked[-1].json
    assert conversation.path == "/v1/audio/speech"
    assert asked["response_format"] == "wav"
    (breath,) = HibariVoice(cache=FileCache(Path(asked["model"]))).speak(asked["input"], speed=asked.get("speed", 1.0))
    gives(as_wav(breath.samples, breath.rate_hz), kind="audio/wav")(conversation)


def test_a_sentence_is_asked_for_and_aligned(tmp_path: Path) -> None:
    """The documented request, real speech in answer, and every word of it found."""
    with serving(speaks) as server:
        made = Made(server.url, tmp_path, model=str(tmp_path / "server"), usd_per_million_characters=15.0)
        (breath,) = made.voice.speak(TEXT, speed=1.25)
        (asked,) = server.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.json == {"model": str(tmp_path / "server"), "voice": "alloy", "input": TEXT, "response_format": "wav", "speed": 1.25}
    assert [word.text for word in breath.words] == TEXT.split()
    assert {word.timed_by for word in breath.words} == {"alignment"}
    (call,) = made.calls
    assert call.usd == pytest.approx(len(TEXT) * 15e-6)


def test_a_sentence_is_paid_once(tmp_path: Path, wav: bytes) -> None:
    """The same sentence comes from the cache; another speed is another sentence."""
    with serving(says(wav)) as server:
        for speed in (1.0, 1.0, 1.1):
            Made(server.url, tmp_path).voice.speak(TEXT, speed=speed)
        assert len(server.asked) == 2


def test_hints_where_words_may_be_broken_are_not_sent(tmp_path: Path, wav: bytes) -> None:
    """A server is sent the plain words, and pays once for both; the words stay as they are written."""
    written = TEXT.replace("spoils", "sp\u00adoils\u200b").replace("Honey", "Ho\u2060ney")
    with serving(says(wav)) as server:
        voice = Made(server.url, tmp_path).voice
        (breath,) = voice.speak(written)
        (plain,) = voice.speak(TEXT)
        (asked,) = server.asked
    assert asked.json["input"] == TEXT
    assert [word.text for word in breath.words] == written.split()
    assert [word.start for word in breath.words] == [word.start for word in plain.words]


def test_another_language_is_estimated(tmp_path: Path, wav: bytes) -> None:
    """What cannot be aligned is placed by length and says so."""
    with serving(says(wav)) as server:
        (breath,) = Made(server.url, tmp_path).voice.speak("Honig wird nie schlecht.", language="de")
    assert {word.timed_by for word in breath.words} == {"estimated"}


def test_a_limit_stops_before_the_sentence_that_would_break_it(tmp_path: Path, wav: bytes) -> None:
    """With a price and a limit, nothing is asked that would cost more."""
    with serving(says(wav)) as server:
        spent = {"spent_usd": lambda: sum(call.usd or 0.0 for call in made.calls)}
        made = Made(server.url, tmp_path, usd_per_million_characters=15.0, max_usd=0.0006, **spent)
        made.voice.speak(TEXT)
        with pytest.raises(VoiceError, match=r"the next sentence costs \$0\.0007; with \$0\.0006 spent that would break the reel's limit"):
            made.voice.speak(TEXT + " So do we.")
        assert len(server.asked) == 1


@pytest.mark.parametrize("seconds", [1, 60], ids=["silence", "a minute"])
def test_answers_that_cannot_be_used_are_paid_too(tmp_path: Path, seconds: int) -> None:
    """Each answer counts, of whatever use, and none is asked for that the limit does not allow; refused requests cost nothing."""
    level = 0.0 if seconds == 1 else 0.5
    useless = says(as_wav(np.full(seconds * 8000, level, np.float32), 8000))
    each = len(TEXT) * 15e-6
    with serving(refuses(503, "down"), useless) as server:
        made = Made(server.url, tmp_path, usd_per_million_characters=15.0)
        with pytest.raises(ServiceError, match="also when asked 4 times"):
            made.voice.speak(TEXT)
        assert [call.usd for call in made.calls] == pytest.approx([each] * 3)
    with serving(useless) as server:
        made = Made(server.url, tmp_path, usd_per_million_characters=15.0, max_usd=0.0012, spent_usd=lambda: 0.0)
        with pytest.raises(VoiceError, match=r"the next sentence costs \$0\.0006; with \$0\.0011 spent that would break the reel's limit"):
            made.voice.speak(TEXT)
        assert len(server.asked) == len(made.calls) == 2


def test_a_key_is_not_needed_by_every_server(tmp_path: Path, wav: bytes) -> None:
    """A local server without keys is asked all the same."""
    with serving(says(wav)) as server:
        assert Made(server.url, tmp_path, key=None).voice.speak(TEXT)


OVER_IN_TIME = {"call_s": 0.6}
WELL = "well"
FAULTS: dict[str, tuple[list[object], str | None, dict[str, Any]]] = {
    "reset, then well": ([resets("x" * 9000), WELL], None, {}),
    "reset for ever": ([resets("x" * 9000)], "cannot be reached, or broke off, also when asked 4 times; check the network", {}),
    "slow drip": ([drips, WELL], None, OVER_IN_TIME),
    "slow headers": ([drips_headers, WELL], None, OVER_IN_TIME),
    "401": ([refuses(401, f"Incorrect API key: {KEY[:7]}****")], "refused the key (401); check OPENAI_API_KEY", {}),
    "403": ([refuses(403, f"Project of {KEY} has no access")], "forbade it (403); the key may not do this", {}),
    "404": ([refuses(404, "no such voice")], "(404): 'no such voice'; check voice.model, voice.name and voice.base_url", {}),
    "408": ([refuses(408, "slow"), WELL], None, {}),
    "409": ([refuses(409, "busy"), WELL], None, {}),
    "413": ([refuses(413, "too long")], "found the request too large (413): 'too long'", {}),
    "429 with Retry-After": ([refuses(429, "slow down", headers={"retry-after": "9"}), WELL], None, {}),
    "429 without Retry-After": ([refuses(429, "slow down"), WELL], None, {}),
    "429 without end": ([refuses(429, f"slow down {KEY}")], "asked too often (429): 'slow down [key]', also when asked 4 times", {}),
    "429 for an hour": ([refuses(429, "later", headers={"retry-after": "3600"})], "asks to wait 3600 s; the step's limit is 600 s", {}),
    "no credit": ([refuses(429, "quota", code="insufficient_quota")], "the account has no credit left", {}),
    "500": ([refuses(500, "oops"), WELL], None, {}),
    "503": ([gives("<h1>down</h1>", status=503, kind="text/html"), WELL], None, {}),
    "HTML for sound": ([gives("<html>Log in</html>", kind="text/html")], "answered with text/html instead of sound, also when asked", {}),
    "JSON for sound": ([gives(json.dumps({"url": "x"}))], "answered with application/json instead of sound", {}),
    "truncated sound": ([gives(b"RIFF\x24", kind="audio/wav"), WELL], None, {}),
    "no sound in it": ([gives(b"<html>", kind="audio/wav")], "answered with audio/wav that is no sound, also when asked 4 times", {}),
    "silence": ([gives(as_wav(np.zeros(24000, np.float32), 24000), kind="audio/wav")], "answered with silence", {}),
    "wrong content type": ([gives(b"", kind="text/plain"), WELL], None, {}),
    "endless body": ([endless()], "sent more than 60 MB for an answer; check the address", {"call_s": 20.0}),
    "redirect without end": ([gives("", status=302, headers={"location": "/v1/audio/speech"})], "cannot be reached, or broke off", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_end_in_speech_or_one_line(name: str, wav: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each fault ends in speech after another try, or in one line of ours, without the key anywhere and nothing kept of it."""
    replies, line, how = FAULTS[name]
    began = time.monotonic()
    with serving(*(says(wav) if reply == WELL else reply for reply in replies)) as server:  # type: ignore[arg-type]
        made = Made(server.url, tmp_path, **how)
        if line is None:
            assert [word.text for word in made.voice.speak(TEXT)[0].words] == TEXT.split()
            told = ""
        else:
            with pytest.raises(ReelkitError) as caught:
                made.voice.speak(TEXT)
            told = str(caught.value)
            assert told.startswith("voice 'alloy' of tiny-tts at 127.0.0.1")
            assert line in told
            assert "\n" not in told
            told += "".join(traceback.format_exception(caught.value)) + repr(caught.value)
            assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert time.monotonic() - began < 30
    assert KEY not in told + caplog.text + repr(made.voice) + "".join(map(repr, made.calls))
    if name == "429 with Retry-After":
        assert made.waits == [9.0]


def test_a_refused_connection_is_one_line(tmp_path: Path) -> None:
    """Where nobody listens, the line says so."""
    with pytest.raises(ServiceError, match=r"is not there \(connection refused\), also when asked 4 times; start the server"):
        Made(f"http://127.0.0.1:{closed_port()}", tmp_path).voice.speak(TEXT)


def test_an_endless_sentence_is_refused(tmp_path: Path) -> None:
    """What no server takes is not sent."""
    with pytest.raises(VoiceError, match="has 4500 characters; speech servers take 4096"):
        Made("http://127.0.0.1:1", tmp_path).voice.speak("x" * 4500)
