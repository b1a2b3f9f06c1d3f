"""The team's ledger: the shipped SQL in a real Postgres, behind a server that speaks PostgREST's documented protocol, faults included."""

import json
import socket
import threading
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reelkit.batch.plan import Asked, open_batch
from reelkit.batch.runner import generate_one
from reelkit.batch.topics import follow_decks, plan_brands
from reelkit.brand import Brand, load_brand
from reelkit.errors import ScriptError, ServiceError
from reelkit.ledgers import ledger_for
from reelkit.model import Candidate, Clip, Credit, Scene, Script, ScriptRequest, Timeline, UploadResult
from reelkit.parts import Parts
from reelkit.runs.folder import RunFolder, open_run
from reelkit.runs.manifest import manifest_of
from reelkit.services.team_ledger import ClaimedTopics, TeamLedger
from reelkit.steps.footage import fetch_footage
from tests.batch.studio import TOPICS, make_studio
from tests.services.postgres import SQL, Database
from tests.services.supabase_server import KEY, Door, Fault, Supabase, cut_answer, drip, endless, hang_up, status, text

BRAND = "northwind"
CREDIT = Credit(author="Ána Ünal", licence="Pexels License", page_url="https://www.pexels.com/video/11/")


@pytest.fixture
def server(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supabase]:
    database.ask("truncate public.reelkit_reels")
    with Supabase(database) as supabase:
        monkeypatch.setenv("SUPABASE_URL", supabase.url)
        monkeypatch.setenv("SUPABASE_KEY", KEY)
        yield supabase


def a_ledger(maker: str = "desk", *, waits: list[float] | None = None, **options: Any) -> TeamLedger:
    return TeamLedger(maker, **({"sleep": (waits if waits is not None else []).append, "chance": lambda: 0.5} | options))


def made(ledger: TeamLedger, number: int, *clips: str, topic: str = "", brand: str = BRAND, used: tuple[str, ...] = ()) -> None:
    run = f"{number:04d}-0123456789"
    whose = dict.fromkeys(clips, CREDIT)
    ledger.record(brand, run, reel=f"seed {number}", topic=topic or f"Topic {number}", clips=whose, used=used, sha256="ab")


# --- what a team may rely on --------------------------------------------------------------------------------------------


def test_a_clip_is_one_machines(server: Supabase) -> None:
    """Whoever comes second is told which clips are taken, and has the others; one's own are granted again, other brands do not count."""
    desk, night = a_ledger("desk"), a_ledger("night")
    assert desk.claim_clips(BRAND, "seed 1", ["a", "b"], reels=5) == ()
    assert night.claim_clips(BRAND, "seed 2", ["c", "b", "a", "b"], reels=5) == ("a", "b")
    assert desk.claim_clips(BRAND, "seed 1", ["a", "b", "d"], reels=5) == ()
    assert desk.claim_clips(BRAND, "seed 3", ["c"], reels=5) == ("c",)
    assert night.claim_clips("orbit", "seed 2", ["a"], reels=5) == ()


def test_machines_at_once_share_nothing(server: Supabase) -> None:
    """However many machines claim the same clips in the same moment, each clip is granted once."""
    clips = [f"clip {number}" for number in range(8)]
    start = threading.Barrier(6)

    def claim(number: int) -> list[str]:
        ledger = a_ledger(f"machine {number}")
        start.wait(30)
        lost = ledger.claim_clips(BRAND, f"seed {number}", clips[number % 3 :], reels=50)
        return [clip for clip in clips[number % 3 :] if clip not in lost]

    with ThreadPoolExecutor(6) as pool:
        granted = [clip for clips in pool.map(claim, range(6)) for clip in clips]
    assert sorted(granted) == clips


def test_topics_at_once_are_told_once(server: Supabase) -> None:
    """The same holds for a topic, however it is spelt, and for a reel."""
    start = threading.Barrier(6)

    def claim(number: int) -> str:
        ledger = a_ledger(f"machine {number}")
        start.wait(30)
        return ledger.claim_topic(BRAND, f"seed {number // 2}", "Cold brew" if number % 2 else "cold BREW", reels=50)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(claim, range(6)))
    assert answers.count("granted") == 1
    assert set(answers) == {"granted", "reel", "topic"}


def test_only_the_latest_reels_count(server: Supabase) -> None:
    """Within N reels a clip or topic is taken, after them it is free again."""
    ledger = a_ledger()
    for number in range(1, 5):
        made(ledger, number, f"clip {number}")
    wanted = [f"clip {number}" for number in range(1, 5)]
    assert ledger.clips_used_before(BRAND, "seed 9", reels=2) == ("clip 3", "clip 4")
    assert ledger.claim_clips(BRAND, "seed 9", wanted, reels=2) == ("clip 3", "clip 4")
    assert ledger.topics_used_before(BRAND, "seed 8", reels=2) == ("Topic 4",)
    assert ledger.claim_topic(BRAND, "seed 9", "topic 3", reels=2) == "topic"
    assert ledger.claim_topic(BRAND, "seed 9", "topic 2", reels=2) == "granted"


def test_takes_do_not_count_against_each_other(server: Supabase) -> None:
    """A reel that is finished is given what its first take was given, and keeps its topic, whatever others told since."""
    ledger = a_ledger()
    made(ledger, 1, "a", used=("x",))
    made(ledger, 2, "b")
    assert ledger.clips_used_before(BRAND, "seed 1", reels=5) == ("x",)
    assert ledger.topics_used_before(BRAND, "seed 2") == ("Topic 1",)
    assert ledger.topics_used_before(BRAND, "") == ("Topic 2", "Topic 1")
    made(ledger, 3, topic="Topic 1")
    assert ledger.claim_topic(BRAND, "seed 1", "Topic 1", reels=5) == "granted"
    assert ledger.reels(BRAND) == {"seed 1", "seed 2", "seed 3"}


def test_what_nobody_finished_is_free_again(server: Supabase, database: Database) -> None:
    """A machine that went away holds its claims for a night and no longer; what is finished stays."""
    desk, night = a_ledger("desk"), a_ledger("night")
    made(desk, 1, "kept")
    assert desk.claim_topic(BRAND, "seed 2", "Cold brew", reels=9) == "granted"
    assert desk.claim_clips(BRAND, "seed 2", ["a"], reels=9) == ()
    assert night.claim_topic(BRAND, "seed 2", "Cold brew", reels=9) == "reel"
    database.ask("update public.reelkit_reels set claimed_at = now() - interval '21 hours'")
    assert night.reels(BRAND) == {"seed 1"}
    assert night.claim_topic(BRAND, "seed 2", "Cold brew", reels=9) == "granted"
    assert night.claim_clips(BRAND, "seed 2", ["a", "kept"], reels=9) == ("kept",)


def test_a_studios_own_claims_do_not_stand_in_its_way(server: Supabase) -> None:
    """What a studio has claimed and not made it plans again; for others it is taken, and once it is made for itself too."""
    desk, night = a_ledger("desk"), a_ledger("night")
    made(desk, 1, topic="Beans")
    assert desk.claim_topic(BRAND, "seed 2", "Cold brew", reels=9) == "granted"
    assert (desk.reels(BRAND), night.reels(BRAND)) == ({"seed 1"}, {"seed 1", "seed 2"})
    assert (desk.topics_used_before(BRAND, ""), night.topics_used_before(BRAND, "")) == (("Beans",), ("Cold brew", "Beans"))
    assert desk.topics_used_before(BRAND, "seed 3") == ("Cold brew", "Beans"), "a reel that is made beside it hears of it"
    made(desk, 2, topic="Cold brew")
    assert (desk.reels(BRAND), desk.topics_used_before(BRAND, "")) == ({"seed 1", "seed 2"}, ("Cold brew", "Beans"))


def test_a_long_history_is_read_to_its_end(server: Supabase, database: Database) -> None:
    """The API gives so many rows at once; all of a brand's reels are read."""
    database.ask(
        "insert into public.reelkit_reels (brand, reel, maker, topic, finished_at) "
        "select 'northwind', 'seed ' || n, 'desk', 'Topic ' || n, now() from generate_series(1, 1203) n"
    )
    assert len(a_ledger().reels(BRAND)) == 1203
    assert a_ledger().topics_used_before(BRAND, "", reels=700)[-1] == "Topic 504"


def test_where_a_reel_was_published_stands_there(server: Supabase, database: Database) -> None:
    """The address is written into the reel's row, whose clips and hash stand there already."""
    ledger = a_ledger()
    made(ledger, 1, "a", "b", "a")
    ledger.record_published(BRAND, "0001-0123456789", UploadResult(url="https://x/1.mp4", bytes=1, etag="e"))
    assert database.ask("select url, clips, sha256, maker from public.reelkit_reels") == "https://x/1.mp4|{a,b}|ab|desk"


def test_a_model_is_held_to_topics_that_are_free(server: Supabase) -> None:
    """A topic that another machine took meanwhile is told to the writer, which chooses another; after three the run says so."""
    made(a_ledger("night"), 1, topic="Cold brew")
    told: list[tuple[str, ...]] = []

    class Writer:
        def __init__(self, used: tuple[str, ...]) -> None:
            told.append(used)

        def write(self, request: ScriptRequest) -> Script:
            stubborn = request.brand_name == "Stubborn"
            topic = "Cold brew" if len(told) == 1 or stubborn else "Filters"
            return Script.of(topic, [Scene(text="Brew it.", search_terms=("coffee", "cup"))])

    def claim(topic: str) -> Any:
        return a_ledger().claim_topic(BRAND, "seed 2", topic, reels=50)

    request = ScriptRequest(brand_name="Northwind", slug=BRAND, topic_seed=2, length_s=10)
    assert ClaimedTopics(Writer, used=("Beans",), claim=claim).write(request).topic == "Filters"
    assert told == [("Beans",), ("Cold brew", "Beans")]
    with pytest.raises(ScriptError, match=r"others of the team took its topics first \(Cold brew; Cold brew; Cold brew\); run it again"):
        ClaimedTopics(Writer, used=(), claim=claim).write(request.model_copy(update={"brand_name": "Stubborn"}))


def test_a_brand_moves_to_its_teams_ledger_by_one_line(server: Supabase, tmp_path: Path) -> None:
    """The line decides; each outputs folder is a studio of its own, the same however often it is opened."""
    brand: Brand = load_brand(BRAND).with_changes({"ledger": "supabase"})
    mine, again, other = (ledger_for(brand, tmp_path / name) for name in ("a", "a", "b"))
    assert mine.claim_topic(BRAND, "seed 1", "Cold brew", reels=9) == "granted"
    assert again.claim_topic(BRAND, "seed 1", "Cold brew", reels=9) == "granted"
    assert other.claim_topic(BRAND, "seed 1", "Cold brew", reels=9) == "reel"


def test_two_studios_plan_at_once(server: Supabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that are planned on two machines in the same moment share no topic, and when all were told begin with the oldest."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path, more="ledger: supabase\n")))
    start = threading.Barrier(2)

    def plan(name: str, *, claim: bool = True) -> list[str]:
        planned, refused = plan_brands(("ada",), 3, overrides={}, outputs=tmp_path / name, others=(), claim=claim)
        assert refused == {}
        return [reel.topic for reel in planned]

    def plan_at_once(name: str) -> list[str]:
        start.wait(30)
        return plan(name)

    assert plan("looked", claim=False) == list(TOPICS[:3])
    with ThreadPoolExecutor(2) as pool:
        first = [topic for topics in pool.map(plan_at_once, ("a", "b")) for topic in topics]
    assert sorted(first) == sorted(TOPICS)
    claimed = a_ledger().topics_used_before("ada", "")
    assert plan("c") == list(reversed(claimed))[:3]


def test_a_studio_that_got_too_few_topics_plans_with_those(server: Supabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another machine takes topics while a batch is planned, the batch is refused; one of as many as are left gets these."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path, more="ledger: supabase\n")))

    def plan(count: int) -> tuple[list[str], dict[str, str]]:
        planned, refused = plan_brands(("ada",), count, overrides={}, outputs=tmp_path / "a", others=())
        return [reel.topic for reel in planned], refused

    def others_claim(door: Door) -> None:
        # Between what the batch has read and its first claim.
        for number in (2, 4):
            assert a_ledger("night").claim_topic("ada", f"seed {number}", TOPICS[number - 1], reels=5) == "granted"
        door.answer_well("/rest/v1/rpc/reelkit_claim_topic", door.rfile.read(int(door.headers["content-length"])))

    server.fail(others_claim, path="/rpc/reelkit_claim_topic")
    planned, refused = plan(6)
    assert planned == []
    assert "other machines of the team took its topics meanwhile, 4 of 6 are left; run it again" in refused["ada"]
    assert plan(4) == ([TOPICS[0], TOPICS[2], TOPICS[4], TOPICS[5]], {})


def test_a_ledger_that_fails_refuses_its_brand_alone(server: Supabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand whose reels are planned, and whose used clips then cannot be read, is refused with the reason; the others are planned."""
    make_studio(tmp_path, ["bix"])
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path, ["ada"], more="ledger: supabase\n")))
    reads = [answer_well, answer_well, status(403)]
    for answer in reads:
        server.fail(answer, method="GET", path="/reelkit_ledger")
    planned, refused = plan_brands(("ada", "bix"), 1, overrides={}, outputs=tmp_path / "a", others=())
    assert [reel.slug for reel in planned] == ["bix"]
    assert "Supabase forbade it (403)" in refused["ada"]

    outputs = tmp_path / "a"
    batch = open_batch(outputs, Asked(), lambda *_: plan_brands(("ada", "bix"), 1, overrides={}, outputs=outputs, others=()))
    make_studio(tmp_path, ["ada"], topics=("Newest", *TOPICS), more="ledger: supabase\n")
    server.fail(status(403), times=9)
    assert follow_decks(batch, (), outputs=outputs) == batch.reels
    server.faults.clear()
    assert [reel.topic_seed for reel in follow_decks(batch, (), outputs=outputs)] == [2, 1]


def answer_well(door: Door) -> None:
    door.answer_well("/rest/v1/reelkit_ledger", door.rfile.read(int(door.headers.get("content-length") or 0)))


def test_two_runs_choose_no_clip_of_each_other(server: Supabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that began with the same ledger takes the next best clips, keeps what it lost in its manifest, and comes out the same again."""
    more = "ledger: supabase\n"
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path, more=more)))

    def begun(name: str, seed: int) -> RunFolder:
        run = open_run("ada", seed, overrides={"footage.backdrops": ["gradient_flow", "waves"]}, outputs=tmp_path / name)
        run.start()
        return run

    def footage(run: RunFolder) -> list[str]:
        library = BackdropShelf()
        scenes = [Scene(text="Six words make a short scene.", search_terms=("coffee", "cup"))] * 3
        script = Script.of("Cold brew", scenes)
        clips = run.step("footage", fetch_footage, script, run.brand, libraries=[library], used=run.used, claim=run.claim_clips)
        return [clip.id for clip in clips]

    runs = [begun("a", 1), begun("b", 2)]
    first, second = (footage(run) for run in runs)
    assert len({*first, *second}) == 6
    assert runs[1].manifest.used == tuple(sorted(first))
    assert footage(begun("b", 2)) == second


def test_a_reel_stands_in_the_teams_ledger(server: Supabase, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished reel has its row with topic, clips and hash; where the ledger refuses no reel is begun, and the line says why."""
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path, more="ledger: supabase\n")))
    monkeypatch.delenv("REELKIT_CACHE", raising=False)
    made = generate_one("ada", 1, outputs=tmp_path / "outputs")
    assert made.success, made.error
    assert made.run_dir is not None
    manifest = manifest_of(made.run_dir)
    row = database.ask("select reel, topic, run, sha256, finished_at is not null, credits::text from public.reelkit_reels")
    assert row.rpartition("|")[0] == f"seed 1|Cold brew|{manifest.run_id}|{manifest.artefacts['reel.mp4'].sha256}|t"
    timeline = Timeline.model_validate_json((made.run_dir / "timeline.json").read_bytes())
    credits = {shot.clip.id: shot.clip.credit for shot in timeline.shots}
    assert {clip: Credit.model_validate(credit) for clip, credit in json.loads(row.rpartition("|")[2]).items()} == credits
    server.fail(status(403), times=9)
    refused = generate_one("ada", 2, outputs=tmp_path / "outputs")
    assert refused.error is not None
    assert refused.error.startswith("ledger: Supabase forbade it (403); SUPABASE_KEY may not do this")
    assert list((tmp_path / "outputs/ada").glob("0002-*/*.json")) == []


class BackdropShelf:
    """A library of eight clips, offered in the same order whatever is asked for."""

    name = "shelf"
    skipped = ()

    def look_again(self) -> None:
        pass

    def search(self, terms: Sequence[str], *, text: str = "") -> list[Candidate]:
        return [Candidate(id=f"shelf/{number}", library=self.name, match=1.0) for number in range(8)]

    def fetch(self, candidates: Sequence[Candidate], *, progress: object = None) -> list[Clip]:
        return [
            Clip(
                id=found.id,
                library=self.name,
                path=Path(found.id),
                sha256=f"{int(found.id[-1]):064x}",
                kind="image",
                width_px=270,
                height_px=480,
                credit=Credit(author="us", licence="CC0", page_url=""),
            )
            for found in candidates
        ]


# --- who may, and what is missing ---------------------------------------------------------------------------------------


def line_of(ledger: TeamLedger | None = None) -> str:
    """Return the error line of a claim, having looked for the key in all that hangs on the error."""
    with pytest.raises(ServiceError) as caught:
        (ledger or a_ledger()).claim_clips(BRAND, "seed 1", ["a"], reels=5)
    whole = "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert caught.value.__context__ is None
    assert KEY not in whole + repr(caught.value) + repr(vars(caught.value))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("ledger: ")
    return str(caught.value)


def test_the_sql_may_be_run_again(server: Supabase, database: Database) -> None:
    """Running the shipped file twice changes nothing that stands there."""
    made(a_ledger(), 1, "a")
    database.ask(SQL.read_text(encoding="utf-8"))
    assert a_ledger().reels(BRAND) == {"seed 1"}


def test_policies_say_who_may(server: Supabase) -> None:
    """Keys of the team's roles read, claim and record; a key of nobody may neither read nor claim, and the line says what to do."""
    server.role = "authenticated"
    made(a_ledger(), 1, "a")
    assert a_ledger("night").claim_clips(BRAND, "seed 2", ["a", "b"], reels=5) == ("a",)
    assert a_ledger().reels(BRAND) == {"seed 1", "seed 2"}
    server.role = "anon"
    refused = (
        "Supabase does not let SUPABASE_KEY write to table 'reelkit_reels' (403): row-level security; SUPABASE_KEY may not do this; use"
    )
    assert refused in line_of()
    with pytest.raises(ServiceError, match="does not let SUPABASE_KEY write to table 'reelkit_reels'"):
        a_ledger().reels(BRAND)


def test_policies_that_are_missing_are_told(server: Supabase, database: Database) -> None:
    """Where the table has no policy for the key's role, the row is refused and so is the run."""
    server.role = "authenticated"
    database.ask('drop policy "the team claims reels" on public.reelkit_reels')
    try:
        assert "does not let SUPABASE_KEY write to table 'reelkit_reels' (403): row-level security" in line_of()
    finally:
        database.ask(SQL.read_text(encoding="utf-8"))


def test_a_ledger_that_is_not_there_is_told(server: Supabase, database: Database) -> None:
    """Without the table or its functions the line names the file to run, and the line of the brand file that does without."""
    missing = (
        "Supabase has no table 'reelkit_reels' (404); run templates/sql/reels.sql in the SQL editor, or set ledger: local in the brand file"
    )
    database.ask("drop function public.reelkit_claim_clips; alter view public.reelkit_ledger rename to elsewhere")
    try:
        assert missing in line_of()
        with pytest.raises(ServiceError) as caught:
            a_ledger().reels(BRAND)
        assert missing in str(caught.value)
    finally:
        database.ask("alter view public.elsewhere rename to reelkit_ledger")
        database.ask(SQL.read_text(encoding="utf-8"))


def test_a_key_that_expired_is_told(server: Supabase) -> None:
    """PostgREST says that a token has expired; the line says so, and where to get another."""
    server.fail(status(401, said={"code": "PGRST303", "message": "JWT expired"}), path="/rpc/")
    assert "refused the key (401): it has expired; copy SUPABASE_KEY again" in line_of()


def test_doctor_tries_it(server: Supabase, tmp_path: Path) -> None:
    """A row is asked for and a function called; nothing is written."""
    checks = dict(Parts(load_brand(BRAND).with_changes({"ledger": "supabase"}), outputs=tmp_path).checks())
    assert checks["ledger"]() == "Supabase has the team's ledger (reelkit_reels), and takes the key"
    assert [(asked.method, asked.path) for asked in server.asked] == [
        ("GET", "/rest/v1/reelkit_ledger"),
        ("POST", "/rest/v1/rpc/reelkit_claim_clips"),
    ]
    assert a_ledger().reels("") == frozenset()


# --- what a network and a server can do ---------------------------------------------------------------------------------

PASSING: dict[str, Fault] = {
    "reset": hang_up,
    "reset mid-body": cut_answer,
    "slow drip": drip,
    "408": status(408),
    "409": status(409),
    "429": status(429),
    "429 with Retry-After": status(429, retry_after="7"),
    "500": status(500),
    "503": text(b"<html>503 Service Unavailable</html>", code=503, content_type="text/html"),
    "HTML for JSON": text(b"<html>Please log in</html>", content_type="text/html"),
    "truncated JSON": text(b'["cli'),
}
ASKED = {"claim": ("POST", "/rpc/"), "read": ("GET", "/reelkit_ledger")}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("place", ASKED)
def test_what_can_pass_is_tried_again(server: Supabase, fault: str, place: str) -> None:
    """After each passing fault the claim is this reel's, once, and what is read is read; a wait that is asked for is kept."""
    method, path = ASKED[place]
    server.fail(PASSING[fault], method=method, path=path)
    waits: list[float] = []
    ledger = a_ledger(waits=waits, **({"call_s": 1.0} if fault == "slow drip" else {}))
    assert ledger.claim_clips(BRAND, "seed 1", ["a"], reels=5) == ()
    assert a_ledger("night", waits=waits).reels(BRAND) == {"seed 1"}
    assert waits[0] == (7.0 if fault == "429 with Retry-After" else 0.375)


LINES: dict[str, tuple[Fault, str]] = {
    "reset": (hang_up, "broke off in the middle, also when asked 4 times; try again later"),
    "reset mid-body": (cut_answer, "broke off in the middle, also when asked 4 times; try again later"),
    "slow drip": (drip, "did not answer within 0.2 s, also when asked 4 times; try again later"),
    "401": (status(401), "refused the key (401); copy SUPABASE_KEY again from the project's API settings"),
    "403": (status(403), "forbade it (403); SUPABASE_KEY may not do this"),
    "404": (text(b"<html>", code=404), "knows no such thing (404); check SUPABASE_URL"),
    "408": (status(408), "gave up waiting for the request (408): 'told [key]', also when asked 4 times"),
    "409": (status(409), "is busy with the same thing (409): 'told [key]', also when asked 4 times"),
    "413": (status(413), "found the request too large (413)"),
    "429": (status(429), "is being asked too often (429): 'told [key]', also when asked 4 times; try again later"),
    "429 with Retry-After": (status(429, retry_after="3600"), "and asks to wait 3600 s; the step's limit is 120 s"),
    "500": (status(500), "failed (500): 'told [key]', also when asked 4 times; try again later"),
    "503": (text(b"<h1>down</h1>", code=503, content_type="text/html"), "is not available (503), also when asked 4 times"),
    "HTML for JSON": (text(b"<html>Log in</html>"), "gave an answer that is not JSON, or only a part of it, also when asked 4 times"),
    "truncated JSON": (text(b'["cli'), "gave an answer that is not JSON, or only a part of it, also when asked 4 times"),
    "wrong shape": (text(b'{"clips": 1}'), "gave an answer of another shape than Supabase's; check SUPABASE_URL"),
    "wrong content type": (text(b"all well", content_type="text/plain"), "gave an answer that is not JSON"),
    "endless body": (endless, "sent more than 1 MB for an answer; check SUPABASE_URL"),
}


@pytest.mark.parametrize("fault", LINES)
def test_what_does_not_pass_is_one_line(server: Supabase, fault: str) -> None:
    """Each lasting fault ends in a line that says what and what to do, without the key, though the server quotes it."""
    answer, line = LINES[fault]
    server.fail(answer, path="/rpc/", times=4)
    assert line in line_of(a_ledger(call_s=0.2 if fault == "slow drip" else 60.0))
    assert a_ledger().reels(BRAND) == frozenset()


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is tried again, then told."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SUPABASE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("SUPABASE_KEY", KEY)
        assert "Supabase cannot be reached, also when asked 4 times; check SUPABASE_URL and the network" in line_of()


def test_without_a_key_the_line_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing in the environment is told before anything is asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUPABASE_URL", raising=False)
    monkeypatch.delenv("SUPABASE_KEY", raising=False)
    with pytest.raises(ServiceError, match="ledger is supabase, but there is no SUPABASE_URL and SUPABASE_KEY in the environment"):
        a_ledger().reels(BRAND)
