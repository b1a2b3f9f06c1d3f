import datetime
import json
from functools import partial
from pathlib import Path

import pytest

from reelkit.batch.calendar_file import plan_calendar
from reelkit.batch.plan import Asked, Batch, BatchFile, Outcome, PlannedReel, batches_dir, open_batch, read_batches
from reelkit.batch.topics import follow_decks, plan_brands
from reelkit.cli import main
from reelkit.errors import RunError
from reelkit.runs.ledger import ledger_of
from tests.batch.studio import BRANDS, TOPICS, make_studio

ASKED = Asked(brands=("ada", "bix"), count=2)


@pytest.fixture(autouse=True)
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path)))
    return tmp_path / "outputs"


def begin(outputs: Path, asked: Asked = ASKED, *, name: str | None = None, anew: bool = False) -> Batch:
    def plan(others: list[Batch], brands: tuple[str, ...], known: Batch | None) -> tuple[tuple[PlannedReel, ...], dict[str, str]]:
        return plan_brands(brands, asked.count, overrides={}, outputs=outputs, others=others)

    return open_batch(outputs, asked, plan, follow=partial(follow_decks, outputs=outputs), name=name, anew=anew)


def make(outputs: Path, batch: Batch) -> Batch:
    """Take every reel of a batch as made, as far as the ledger and the batch's file are concerned."""
    for reel in batch.reels:
        run = f"{reel.topic_seed:04d}-0123456789"
        ledger_of(outputs).record(reel.slug, run, reel=f"seed {reel.topic_seed}", topic=reel.topic, clips={}, used=[], sha256="ab")
        BatchFile(outputs, batch.id).add(Outcome(number=reel.number, state="done", run=f"{reel.slug}/{run}"))
    return BatchFile(outputs, batch.id).end()


def grow_old(outputs: Path, batch: Batch, hours: float) -> None:
    """Move a batch into the past."""
    path = batches_dir(outputs) / f"{batch.id}.json"
    said = json.loads(path.read_text())
    for field in ("started_at", "touched_at", "ended_at"):
        if said[field]:
            said[field] = (datetime.datetime.fromisoformat(said[field]) - datetime.timedelta(hours=hours)).isoformat()
    path.write_text(json.dumps(said))


def keys(batch: Batch) -> set[tuple[str, int]]:
    return {(reel.slug, reel.topic_seed) for reel in batch.reels}


def test_the_same_command_tonight_is_the_same_batch(studio: Path) -> None:
    """A batch that was cut, that failed in part or that is all made is found again, in whichever order its brands are named."""
    first = begin(studio)
    assert begin(studio) == first
    made = make(studio, first)
    assert begin(studio, Asked(brands=("bix", "ada"), count=2)) == made
    grow_old(studio, first, 19)
    assert begin(studio).id == first.id


def test_tomorrow_night_makes_new_reels(studio: Path) -> None:
    """After 20 hours the same command is a new batch, on topics that the ledger does not know."""
    first = begin(studio)
    make(studio, first)
    grow_old(studio, first, 21)
    second = begin(studio)
    assert second.id != first.id
    assert not keys(second) & keys(first)
    assert {reel.topic for reel in second.reels} == {"Old beans", "New cups"}


def test_a_night_of_a_wrong_clock_is_no_night_of_today(studio: Path) -> None:
    """A batch that a clock far ahead has dated is not taken for tonight's, night after night; one that is some hours ahead is."""
    ahead = make(studio, begin(studio))
    grow_old(studio, ahead, -3)
    assert begin(studio).id == ahead.id
    grow_old(studio, ahead, -24 * 365)
    later = begin(studio)
    assert later.id != ahead.id
    assert not keys(later) & keys(ahead)


def test_reels_follow_their_topics(studio: Path) -> None:
    """In a deck that was edited a reel that is not made has its topic at another seed; one that is made, or whose topic is gone, is left as
    it is."""
    asked = Asked(brands=("ada",), count=3)
    first = begin(studio, asked)
    assert [reel.topic for reel in first.reels] == ["Cold brew", "Warm milk", "Old beans"]
    BatchFile(studio, first.id).add(Outcome(number=1, state="done", run="ada/0001-0123456789"))
    BatchFile(studio, first.id).add(Outcome(number=2, state="failed", error="no clip"))
    make_studio(studio.parent, ["ada"], topics=("Newest", *TOPICS))
    again = begin(studio, asked)
    assert [(reel.number, reel.topic_seed, reel.topic) for reel in again.reels] == [
        (1, 1, "Cold brew"),
        (2, 3, "Warm milk"),
        (3, 4, "Old beans"),
    ]
    assert again.state_of(again.reels[1]) == "failed"
    assert begin(studio, asked) == again
    make_studio(studio.parent, ["ada"], topics=("Newest", "Old beans", "New cups"))
    assert [(reel.topic_seed, reel.topic) for reel in begin(studio, asked).reels[1:]] == [(3, "Warm milk"), (2, "Old beans")]


def test_what_a_night_left_unmade_is_made_the_next_night(studio: Path) -> None:
    """A batch that was killed and never run again gives its topics back."""
    first = begin(studio)
    grow_old(studio, first, 21)
    assert keys(begin(studio)) == keys(first)


def test_a_batch_that_still_runs_is_never_begun_again(studio: Path) -> None:
    """A batch that has gone on for longer than a night and was written to lately is the same batch."""
    first = begin(studio)
    grow_old(studio, first, 30)
    BatchFile(studio, first.id).add(Outcome(number=1, state="failed", error="no words"))
    assert begin(studio).id == first.id


def test_a_night_that_is_completed_by_day_leaves_the_next_one_alone(studio: Path) -> None:
    """A batch that came to its end with a failure, and whose completion was cut 12 hours later, is not the next night's."""
    first = begin(studio)
    file = BatchFile(studio, first.id)
    file.begin()
    file.add(Outcome(number=1, state="failed", error="no clip"))
    file.end()
    grow_old(studio, first, 11.5)
    assert begin(studio).id == first.id
    file.begin()
    assert file.read().ended_at is None
    assert begin(studio).id == first.id, "it is still this night's"
    grow_old(studio, first, 12.5)
    night = begin(studio)
    assert night.id != first.id
    # Its completion may go on for all that is known: what it has not made is not planned twice.
    assert not keys(night) & keys(first)


def test_other_requests_at_once_get_other_reels(studio: Path) -> None:
    """Batches of the same brands that are not made yet share no topic; `anew` begins another of the same."""
    batches = [begin(studio), begin(studio, Asked(brands=("ada",), count=1)), begin(studio, anew=True)]
    assert len({batch.id for batch in batches}) == 3
    planned = [key for batch in batches for key in keys(batch)]
    assert len(planned) == len(set(planned)) == 9


def test_a_name_stays(studio: Path) -> None:
    """A named batch is the same after years, and is not another request's."""
    first = begin(studio, name="launch")
    make(studio, first)
    grow_old(studio, first, 10_000)
    assert begin(studio, name="launch").id == "launch"
    with pytest.raises(RunError, match="batch 'launch' was asked for something else \\(2 each of ada, bix\\)"):
        begin(studio, Asked(brands=("ada",), count=1), name="launch")
    with pytest.raises(RunError, match="must be made of letters"):
        begin(studio, name="../launch")


def test_topics_differ_and_come_round(studio: Path) -> None:
    """Each batch takes topics that were not told, then those told longest ago; no topic stands twice in one batch."""
    told = []
    for _ in range(5):
        batch = begin(studio, Asked(brands=("ada",), count=4), anew=True)
        make(studio, batch)
        topics = [reel.topic for reel in batch.reels]
        assert len(set(topics)) == 4
        told += topics
    assert set(told[: len(TOPICS)]) == set(TOPICS)
    assert all(told.count(topic) in (3, 4) for topic in TOPICS)


def test_the_topic_told_longest_ago_comes_first(studio: Path) -> None:
    """Whatever order topics were told in, a deck that has been told whole goes round from the one told longest ago."""
    order = [4, 1, 6, 2, 5, 3]
    for seed in order:
        run, reel = f"{seed:04d}-0123456789", f"seed {seed}"
        ledger_of(studio).record("ada", run, reel=reel, topic=TOPICS[seed - 1], clips={}, used=[], sha256="ab")
    planned = begin(studio, Asked(brands=("ada",), count=6)).reels
    assert [reel.topic for reel in planned] == [TOPICS[seed - 1] for seed in order]
    assert [reel.topic_seed for reel in planned] == [seed + len(TOPICS) for seed in order]


def end(outputs: Path, batch: Batch, failed: set[str]) -> Batch:
    """Take the reels of a batch as made, but for those on some topics, which failed; and let a day go by."""
    made = make(outputs, batch.model_copy(update={"reels": tuple(reel for reel in batch.reels if reel.topic not in failed)}))
    for reel in made.missing:
        BatchFile(outputs, batch.id).add(Outcome(number=reel.number, state="failed", step="footage", error="no clip"))
    grow_old(outputs, batch, 24)
    return BatchFile(outputs, batch.id).read()


def test_a_topic_that_keeps_failing_goes_behind_the_others(studio: Path) -> None:
    """After two nights on which only it failed, a topic leaves its turn to the next one, which says so; after two weeks it is
    tried again."""
    asked, bad = Asked(brands=("ada",), count=2), TOPICS[0]
    nights = [end(studio, begin(studio, asked, anew=True), {bad}) for _ in range(4)]
    assert [[reel.topic for reel in night.reels] for night in nights] == [
        [bad, TOPICS[1]],
        [bad, TOPICS[2]],
        [TOPICS[3], TOPICS[4]],
        [TOPICS[5], TOPICS[1]],
    ]
    assert [[reel.instead_of for reel in night.reels] for night in nights] == [["", ""], ["", ""], ["", bad], ["", bad]]
    for night in nights:
        grow_old(studio, night, 24 * 14)
    assert next(iter(begin(studio, asked).reels)).topic == bad


def test_a_night_says_which_topic_it_passed_over(studio: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command that goes on to another topic tells so in one line, with the topic that keeps failing."""
    for _ in range(2):
        end(studio, begin(studio, Asked(brands=("ada",), count=2)), {TOPICS[0]})
    assert main(["batch", "--brands", "ada", "--count", "2", "--keep-free-gb", "1e9", "--outputs", str(studio)]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if TOPICS[0] in line]
    assert told == [f"reelkit: ada 2 ({TOPICS[4]}): made instead of '{TOPICS[0]}', which failed on several nights"]


def test_a_brand_that_keeps_failing_keeps_its_turn(studio: Path) -> None:
    """Where all of a brand's reels failed its topics are not to blame: once mended, the deck goes on where it was."""
    asked = Asked(brands=("ada",), count=2)
    nights = [end(studio, begin(studio, asked, anew=True), set(TOPICS)) for _ in range(3)]
    assert [[reel.topic for reel in night.reels] for night in nights] == [list(TOPICS[:2])] * 3


def test_a_brand_that_cannot_be_planned_is_refused_alone(studio: Path) -> None:
    """A brand that is missing, or whose deck is too small, is named with its reason; the others are planned."""
    batch = begin(studio, Asked(brands=("nobody", "ada"), count=2))
    assert keys(batch) == {("ada", 1), ("ada", 2)}
    assert "there is no file" in batch.refused["nobody"]
    small = begin(studio, Asked(brands=("bix",), count=7))
    assert small.reels == ()
    assert "has 6 topics, so a batch of 7 would repeat some" in small.refused["bix"]


def test_a_brand_that_was_mended_joins_its_batch(studio: Path) -> None:
    """The same command after a brand's file was mended plans that brand too, and leaves what was planned as it is."""
    first = begin(studio, Asked(brands=("dora", "ada"), count=2))
    make_studio(studio.parent, ["dora"])
    second = begin(studio, Asked(brands=("dora", "ada"), count=2))
    assert second.id == first.id
    assert second.reels[:2] == first.reels
    assert [(reel.number, reel.slug) for reel in second.reels[2:]] == [(3, "dora"), (4, "dora")]
    assert second.refused == {}


def test_brands_take_turns(studio: Path) -> None:
    """A night that is cut short leaves every brand with something: the first reels are one of each brand."""
    batch = begin(studio, Asked(brands=BRANDS, count=2))
    assert [reel.slug for reel in batch.reels] == [*BRANDS, *BRANDS]


def test_a_brand_file_is_found_again_from_anywhere(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a brand file is planned in full, as workers and reports look for it from other folders."""
    file = studio.parent / "templates" / "brands" / "ada.yaml"
    monkeypatch.chdir(file.parent)
    (reel,) = begin(studio, Asked(brands=("ada.yaml",), count=1)).reels
    assert (reel.brand, reel.slug) == (str(file), "ada")
    (folder := studio.parent / "elsewhere").mkdir()
    (folder / "plan.csv").write_text("brand,seed\nada.yaml,7\n")
    ((planned,), _) = plan_calendar(folder / "plan.csv", outputs=studio, others=[], until=datetime.date.today())
    assert planned.brand == str(file)


def test_what_is_done_stays_done(studio: Path) -> None:
    """Another process that was late cannot undo a reel, and its second look changes only where it was published."""
    batch = begin(studio)
    file = BatchFile(studio, batch.id)
    file.add(Outcome(number=1, state="done", run="ada/1", duration_ms=900))
    file.add(Outcome(number=1, state="failed", error="late"))
    after = file.add(Outcome(number=1, state="done", run="ada/1", reused=True, duration_ms=3, url="http://store/1"))
    assert after.outcomes[1].duration_ms == 900
    assert after.outcomes[1].url == "http://store/1"


def test_what_another_process_wrote_meanwhile_is_not_forgotten(studio: Path) -> None:
    """Of reels that are made again only those ends are taken back that still stand as they were seen."""
    batch = begin(studio)
    file = BatchFile(studio, batch.id)
    seen = file.add(*(Outcome(number=number, state="failed", run=f"ada/{number}", error="no clip") for number in (1, 2, 3))).outcomes
    file.add(Outcome(number=2, state="done", run="ada/2"), Outcome(number=4, state="done", run="ada/4"))
    after = file.forget(seen, made={2: "ada/2", 3: "ada/3"})
    assert {number: told.state for number, told in after.outcomes.items()} == {2: "done", 3: "busy", 4: "done"}
    assert file.forget({}, made={}).outcomes == after.outcomes


def test_batches_are_listed_latest_first(studio: Path) -> None:
    """All batches of an outputs folder are found, and one that cannot be read is one line."""
    first = begin(studio)
    grow_old(studio, first, 30)
    second = begin(studio, anew=True)
    assert [batch.id for batch in read_batches(studio)] == [second.id, first.id]
    (batches_dir(studio) / "bad.json").write_text("{")
    with pytest.raises(RunError, match=r"batch bad: .*bad\.json cannot be read"):
        read_batches(studio)
