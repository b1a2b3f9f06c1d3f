"""Scripts from a model, over a real server on loopback, with all that can go wrong on the way."""

import json
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reelkit.brand import load_brand
from reelkit.errors import BrandError, ReelkitError, ScriptError, ServiceError
from reelkit.model import Finding, Scene, Script, ScriptRequest, ServiceCall
from reelkit.runs.cache import FileCache
from reelkit.services.chat import Chat, Price
from reelkit.services.drafts import DRAFT_SCHEMA, UnreadableDraft, read_draft
from reelkit.services.openai_writer import OpenAIWriter
from reelkit.steps.judge_script import judge_script
from reelkit.steps.sentences import sentence_ends
from tests.services.servers import (
    LocalServer,
    Reply,
    answers,
    closed_port,
    completion,
    drips,
    drips_headers,
    endless,
    gives,
    knows_no,
    refuses,
    resets,
    serving,
)

KEY = "sk-planted-0123456789abcdef"
PROMPT = Path(__file__).parents[2] / "templates" / "prompts" / "explainer.md"
REQUEST = ScriptRequest(
    brand_name="Tea", slug="tea", topic_seed=1, length_s=10, tail_ms=0, sentence_pause_ms=0, scene_pause_ms=0, banned_words=("cure",),
    call_to_action="Follow Tea.", tone="dry",
)  # fmt: skip
TERMS = ["tea cup", "tea field"]


def a_draft(*texts: str, **changes: object) -> dict[str, Any]:
    said = texts or ("Tea is older than coffee.", "Leaves dry in the sun, and that is why they curl up again.", "Follow Tea.")
    scenes = [{"text": text, "search_terms": TERMS} for text in said]
    more = {"title": "Old tea", "description": "Why it curls.", "hashtags": ["#tea", "leaves"]}
    return {"topic": "Old tea", "scenes": scenes, **more, **changes}


GOOD = a_draft()
SHORT = a_draft("Tea.", "Follow Tea.")
BANNED = a_draft("Tea is the cure.", "Leaves dry in the sun, and that is why they curl up again in water.", "Follow Tea.")


def judge(script: Script, request: ScriptRequest, words: int) -> list[Finding]:
    return judge_script(script, request, target_words=words, used_topics=["Green tea"])


class Made:
    """A writer, and what it waited and paid."""

    def __init__(self, url: str, *, prompt: Path = PROMPT, cache: FileCache | None = None, call_s: float = 5.0, **chat: Any) -> None:
        self.waits: list[float] = []
        self.calls: list[ServiceCall] = []
        self.chat = Chat(model="tiny", base_url=f"{url}/v1", answered=self.calls.append, call_s=call_s, **{"key": KEY, **chat})
        self.writer = OpenAIWriter(
            self.chat,
            prompt=prompt,
            judge=judge,
            # Two words a second: ten seconds are twenty words.
            seconds_of=lambda text: len(text.split()) / 2,
            sentence_ends=sentence_ends,
            identity="tiny",
            used_topics=["Green tea"],
            key=KEY,
            cache=cache,
            call_s=call_s,
            sleep=self.waits.append,
        )

    def write(self) -> Script:
        return self.writer.write(REQUEST)


def said_to(server: LocalServer) -> list[list[str]]:
    return [[message["content"] for message in asked.json["messages"]] for asked in server.asked]


def test_a_good_draft_is_the_script() -> None:
    """One call asks for the schema, with the key; its tokens are counted and the blurb comes along."""
    with serving(answers(GOOD)) as server:
        made = Made(server.url, price=Price(1.0, 2.0))
        script = made.write()
    assert [scene.text for scene in script.scenes] == [scene["text"] for scene in GOOD["scenes"]]
    assert script.blurb is not None
    assert (script.topic, script.blurb.title, script.blurb.hashtags) == ("Old tea", "Old tea", ("tea", "leaves"))
    (asked,) = server.asked
    assert (asked.path, asked.headers["authorization"]) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert asked.json["response_format"]["json_schema"]["strict"] is True
    (call,) = made.calls
    assert (call.model, call.input_tokens, call.output_tokens, call.usd) == ("tiny", 900, 300, pytest.approx(0.0015))


def test_the_prompt_says_what_the_brand_wants() -> None:
    """Tone, length in words from the voice's pace, banned words, call to action and used topics are in it; no comment or name is left."""
    with serving(answers(GOOD)) as server:
        Made(server.url).write()
    prompt = said_to(server)[0][0]
    assert all(part in prompt for part in ("dry", "10 seconds, about 20 words", "Never use: cure.", "Follow Tea.", "repeated: Green tea."))
    assert "{{" not in prompt
    assert "<!--" not in prompt


def test_a_draft_goes_back_with_what_was_found() -> None:
    """The second call holds the first draft and its findings; the mended draft is the script."""
    with serving(answers(SHORT), answers(GOOD)) as server:
        assert Made(server.url).write().word_count == 20
    *_, draft, findings = said_to(server)[1]
    assert json.loads(draft) == SHORT
    assert "length: 3 words; the rule is 18 to 22 words (add about 17 words)" in findings


def test_the_best_of_three_drafts_is_kept() -> None:
    """A draft goes back twice at most; what breaks least is taken."""
    far = a_draft("Tea.", "Coffee.", topic="Green tea")
    with serving(answers(far), answers(SHORT), answers(far)) as server:
        assert Made(server.url).write().topic == "Old tea"
    assert len(server.asked) == 3


def test_a_must_is_a_must() -> None:
    """When the best draft still says a banned word there is no script."""
    with (
        serving(answers(BANNED)) as server,
        pytest.raises(ScriptError, match=r"breaks a must in the best of 3 drafts: banned words: 'cure'"),
    ):
        Made(server.url).write()


def test_a_draft_in_hand_survives_a_failing_server() -> None:
    """When the second call fails the first draft is taken, as long as it breaks no must."""
    with serving(answers(SHORT), refuses(401, "no")) as server:
        assert Made(server.url).write().word_count == 3
    with serving(answers(BANNED), refuses(401, "no")) as server, pytest.raises(ServiceError, match="refused the key"):
        Made(server.url).write()


@pytest.mark.parametrize(("unknown", "taken"), [(("json_schema",), {"type": "json_object"}), (("json_schema", "json_object"), None)])
def test_servers_without_structured_output(unknown: tuple[str, ...], taken: dict[str, str] | None) -> None:
    """The form of the answer is asked for less strictly until the server takes it, and then at once."""
    with serving(knows_no(*unknown, then=answers(SHORT))) as server:
        Made(server.url).write()
    formats = [asked.json.get("response_format") for asked in server.asked]
    assert formats[len(unknown) :] == [taken] * 3


def test_the_same_request_is_paid_once(tmp_path: Path) -> None:
    """A finished script is kept; another request, or another prompt, is asked anew."""
    prompt = tmp_path / "prompt.md"
    prompt.write_text("Write for {{brand_name}}.")
    cache = FileCache(tmp_path / "cache")
    with serving(answers(GOOD)) as server:
        first = Made(server.url, cache=cache, prompt=prompt).write()
        assert Made(server.url, cache=cache, prompt=prompt).write() == first
        assert len(server.asked) == 1
        prompt.write_text("Write well for {{brand_name}}.")
        Made(server.url, cache=cache, prompt=prompt).write()
        assert len(server.asked) == 2


def test_a_limit_stops_before_the_call_that_would_break_it() -> None:
    """No call is made that could cost more than is left, be it the first or the second; what was spent before counts."""
    with serving(answers(SHORT, written=8000)) as server:
        made = Made(server.url, price=Price(0.0, 100.0), max_usd=1.0)
        assert made.write().word_count == 3
        assert [call.usd for call in made.calls] == [pytest.approx(0.8)]
        with pytest.raises(ScriptError, match=r"could cost \$0\.8000; with \$0\.3000 spent that would break the reel's limit of \$1;"):
            Made(server.url, price=Price(0.0, 100.0), max_usd=1.0, spent_usd=0.3).write()
    assert len(server.asked) == 1


def test_a_cost_that_the_server_tells_is_taken() -> None:
    """OpenRouter says what a call cost."""
    reply = gives(completion(GOOD).replace('"prompt_tokens"', '"cost": 0.0042, "prompt_tokens"'))
    with serving(reply) as server:
        made = Made(server.url)
        made.write()
    assert made.calls[0].usd == 0.0042


# --- what a network and a server can do ---------------------------------------------------------------------------------

OVER_IN_TIME = {"call_s": 0.6}
FINE = answers(GOOD)
FAULTS: dict[str, tuple[list[Reply], str | None, dict[str, Any]]] = {
    "reset, then well": ([resets(completion(GOOD)), FINE], None, {}),
    "reset for ever": ([resets(completion(GOOD))], "cannot be reached, or broke off, also when asked 4 times; check the network", {}),
    "slow drip": ([drips, FINE], None, OVER_IN_TIME),
    "slow headers": ([drips_headers, FINE], None, OVER_IN_TIME),
    "401": ([refuses(401, f"Incorrect API key provided: {KEY[:7]}****{KEY[-4:]}")], "refused the key (401); check the key", {}),
    "403": ([refuses(403, f"Project of {KEY} has no access")], "forbade it (403); the key may not do this", {}),
    "404": ([refuses(404, "The model 'tiny' does not exist")], "knows no such thing (404): 'The model 'tiny' does not exist'", {}),
    "408": ([refuses(408, "slow"), FINE], None, {}),
    "409": ([refuses(409, "busy"), FINE], None, {}),
    "413": ([refuses(413, "too long")], "found the request too large (413): 'too long'; ask for less at once", {}),
    "429 with Retry-After": ([refuses(429, "slow down", headers={"retry-after": "9"}), FINE], None, {}),
    "429 without Retry-After": ([refuses(429, "slow down"), FINE], None, {}),
    "429 without end": ([refuses(429, f"slow down {KEY}")], "asked too often (429): 'slow down [key]', also when asked 4 times", {}),
    "429 for an hour": ([refuses(429, "later", headers={"retry-after": "3600"})], "asks to wait 3600 s; the step's limit is 300 s", {}),
    "no credit": ([refuses(429, "quota", code="insufficient_quota")], "(429): 'quota'; the account has no credit left", {}),
    "500": ([refuses(500, "oops"), FINE], None, {}),
    "503": ([gives("<h1>down</h1>", status=503, kind="text/html"), FINE], None, {}),
    "503 without end": ([gives(f"<h1>{KEY}</h1>", status=503, kind="text/html")], "is not available (503), also when asked 4 times", {}),
    "HTML for JSON": ([gives("<html>Log in</html>", kind="text/html")], "answered 200 with no JSON (text/html), also when asked", {}),
    "truncated JSON": ([gives(completion(GOOD)[:-40]), FINE], None, {}),
    "wrong shape": ([gives('{"choices": []}')], "answered with JSON that is no chat completion, also when asked 4 times", {}),
    "an error of status 200": ([gives(json.dumps({"error": {"code": 502, "message": "upstream"}})), FINE], None, {}),
    "wrong content type": ([gives(completion(GOOD), kind="text/plain")], None, {}),
    "endless body": ([endless()], "sent more than 1 MB for an answer; check the address", {}),
    "endless error": ([endless(500)], "sent more than 1 MB for an answer", {}),
    "deep JSON": ([gives("[" * 100_000)], "answered 200 with no JSON", {}),
    "redirect without end": ([gives("", status=302, headers={"location": "/v1/chat/completions"})], "cannot be reached, or broke off", {}),
    "no text": ([answers(None)], "gave no script in 3 answers: there is no JSON object with scenes in it", {}),
    "a refusal": ([answers("I cannot help with that.")], "gave no script in 3 answers", {}),
    "a book": ([answers(a_draft("tea " * 1000))], "gave no script in 3 answers: it has 1000 words, which no reel can say", {}),
    "prose, then JSON": ([answers("Sure, which topic?"), FINE], None, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_end_in_a_script_or_one_line(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each fault ends in a script after another try, or in one line of ours, soon, and without the key anywhere."""
    replies, line, how = FAULTS[name]
    began = time.monotonic()
    with serving(*replies) as server:
        made = Made(server.url, **how)
        if line is None:
            assert made.write().topic == "Old tea"
            told = ""
        else:
            with pytest.raises(ReelkitError) as caught:
                made.write()
            told = str(caught.value)
            assert told.startswith("brand 'tea': tiny ")
            assert line in told
            assert "\n" not in told
            told += "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert time.monotonic() - began < 30
    assert KEY not in told + caplog.text + repr(made.writer) + repr(made.chat) + "".join(map(repr, made.calls))
    if name == "429 with Retry-After":
        assert made.waits == [9.0]


def test_a_refused_connection_is_one_line() -> None:
    """Where nobody listens, the line says so."""
    with pytest.raises(ServiceError, match=r"is not there \(connection refused\), also when asked 4 times; start the server"):
        Made(f"http://127.0.0.1:{closed_port()}").write()


# --- the tolerant reader ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD),
        f"<think>Let me {{see}}.</think>Here it is:\n```json\n{json.dumps(GOOD, indent=1)}\n```\nEnjoy!",
        json.dumps({"script": GOOD}),
        json.dumps(GOOD)[:-1] + ",}",
        json.dumps({"title": "Old tea", "shots": [{"say": each["text"], "terms": "tea cup; tea field"} for each in GOOD["scenes"]]}),
        "# Old tea\n\n" + "\n\n".join(f"{each['text']}\n[terms: tea cup, tea field]" for each in GOOD["scenes"]),
    ],
)  # fmt: skip
def test_answers_are_read_as_they_are_meant(text: str) -> None:
    """Fences, thoughts, wrappers, trailing commas, other names and Markdown do no harm."""
    script = read_draft(text, REQUEST)
    assert script.topic == "Old tea"
    assert [(scene.text, list(scene.search_terms)) for scene in script.scenes] == [(each["text"], TERMS) for each in GOOD["scenes"]]


@pytest.mark.parametrize(
    "text", ["", "no", "{}", '{"scenes": 5}', '{"scenes": [{"text": ""}], "topic": "x"}', "{" * 100_000, "# T\n\nOne."]
)
def test_what_is_no_script_is_said(text: str) -> None:
    """What holds no script is told apart at once."""
    with pytest.raises(UnreadableDraft):
        read_draft(text, REQUEST)


def test_texts_are_made_clean() -> None:
    """Control characters, halves of characters and emphasis marks do not reach the voice; missing terms are found."""
    script = read_draft('{"topic": "T\\u0000ea", "scenes": [{"text": "Hot **tea**\\ud800 in a\\u0007 cup.", "search_terms": []}]}', REQUEST)
    assert script.topic == "T ea"
    assert script.scenes[0].text == "Hot tea in a cup."
    assert len(script.scenes[0].search_terms) >= 2


@pytest.mark.parametrize(
    ("more", "emphasis", "icon"),
    [
        ({"emphasis": "hot tea", "icon": "Alarm clock"}, "hot tea", "alarm-clock"),
        ({"keyword": "hot tea"}, "hot tea", ""),
        ({"emphasis": "", "icon": ""}, "", ""),
        ({"emphasis": None, "icon": 7}, "", ""),
        ({"emphasis": "h" * 41, "icon": "no such sign"}, "", ""),
    ],
)
def test_key_words_and_icons_are_taken_where_they_can_be_shown(more: dict[str, object], emphasis: str, icon: str) -> None:
    """A scene may ask for key words and an icon; what no reel could show is left out, and costs no script."""
    scene = {"text": "Drink hot tea.", "search_terms": TERMS, **more}
    read = read_draft(json.dumps({"topic": "Tea", "scenes": [scene]}), REQUEST).scenes[0]
    assert (read.emphasis, read.icon) == (emphasis, icon)


def test_the_schema_asks_for_every_field_of_a_scene() -> None:
    """What a model fills in is all that a scene may say, as strict structured output wants it."""
    asked = DRAFT_SCHEMA["properties"]["scenes"]["items"]
    assert set(asked["properties"]) == set(asked["required"]) == set(Scene.model_fields)


# --- the prompt and the brand -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hello {{brandname}}", r"prompt 'p': {{brandname}} is no name; did you mean 'brand_name'\? \(.*p.md, line 1\)"),
        ("<!-- only a comment -->", "prompt 'p': .*p.md says nothing"),
        ("x" * 60_000, "larger than 50 kB"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_a_wrong_prompt_is_one_line(text: str | bytes, line: str, tmp_path: Path) -> None:
    """What is wrong with a prompt is said with its file, before anything is asked."""
    path = tmp_path / "p.md"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(BrandError, match=line):
        Made("http://127.0.0.1:9", prompt=path).write()


@pytest.fixture
def northwind() -> Iterator[Any]:
    yield load_brand("northwind", templates=PROMPT.parents[1])


@pytest.mark.parametrize(
    "url", ["https://me:hunter22@host/v1", "https://host/v1?key=hunter22", "ftp://host", "host", "https://host:99999/"]
)
def test_addresses_hold_no_keys(url: str, northwind: Any) -> None:
    """An address with a password or a query is refused, and not quoted."""
    with pytest.raises(BrandError, match=r"script\.base_url.*https://host/v1") as caught:
        northwind.with_changes({"script.base_url": url})
    assert "hunter22" not in str(caught.value)


def test_a_key_in_place_of_its_name_is_not_told(northwind: Any) -> None:
    """Whoever writes the key itself into the brand file is told so without seeing it printed."""
    with pytest.raises(BrandError, match=r"script\.key_env is '\[key\]'; it must be like 'OPENAI_API_KEY'") as caught:
        northwind.with_changes({"script.key_env": KEY})
    assert KEY not in str(caught.value)


def test_a_limit_needs_prices(northwind: Any) -> None:
    """What a reel may cost can only be held where prices are known."""
    with pytest.raises(BrandError, match="max_cost_usd needs usd_per_million_input_tokens"):
        northwind.with_changes({"script.max_cost_usd": 0.1, "script.writer": "openai"})
    spoken = {"script.max_cost_usd": 0.1, "voice.engine": "openai", "voice.name": "alloy"}
    with pytest.raises(BrandError, match=r"max_cost_usd needs voice\.usd_per_million_characters"):
        northwind.with_changes(spoken)
    assert northwind.with_changes(spoken | {"voice.usd_per_million_characters": 15.0}).script.max_cost_usd == 0.1
