import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from reelkit.batch.calendar_file import CalendarProblems, plan_calendar
from reelkit.batch.plan import Asked, Batch, BatchFile, Outcome, PlannedReel, open_batch
from reelkit.errors import RunError
from reelkit.runs.ledger import ledger_of
from tests.batch.studio import make_studio

TODAY = datetime.date(2026, 3, 2)

YAML = """\
reels:
  - {brand: ada, topic: warm milk, date: 2026-03-01}
  - brand: bix
    seed: 4
    overrides: {captions.size_px: 90}
  - {brand: ada, script: words.md, date: 2026-03-03}
"""
CSV = """\
brand;topic;seed;script;date;captions.size_px
ada;warm milk;;;2026-03-01;
bix;;4;;;90

ada;;;words.md;2026-03-03;
"""


@pytest.fixture(autouse=True)
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELKIT_TEMPLATES", str(make_studio(tmp_path)))
    (tmp_path / "words.md").write_text("Cold brew takes time.")
    return tmp_path


def a_file(folder: Path, text: str, name: str = "jobs.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def opened_as(studio: Path, name: str, *rows: str, tell: Callable[[str], object] = lambda line: None) -> Batch:
    """Open the batch of a calendar of that name, which has such lines today."""
    path = a_file(studio, "reels:\n" + "".join(f"  - {row}\n" for row in rows), f"{name}.yaml")

    def plan(others: list[Batch], brands: tuple[str, ...], known: Batch | None) -> tuple[tuple[PlannedReel, ...], dict[str, str]]:
        return plan_calendar(path, outputs=studio / "outputs", others=[], known=known, until=TODAY, tell=tell)[0], {}

    return open_batch(studio / "outputs", Asked(file=path), plan)


def planned(path: Path, until: datetime.date = TODAY) -> tuple[tuple[PlannedReel, ...], list[PlannedReel]]:
    return plan_calendar(path, outputs=path.parent / "outputs", others=[], until=until)


@pytest.mark.parametrize(("text", "name", "lines"), [(YAML, "jobs.yaml", (2, 3, 6)), ("\ufeff" + CSV, "jobs.csv", (2, 3, 5))])
def test_yaml_and_csv_say_the_same(studio: Path, text: str, name: str, lines: tuple[int, ...]) -> None:
    """Topics become seeds of the deck, scripts and overrides are taken up, each reel knows its line, and what is due later waits."""
    due, later = planned(a_file(studio, text, name))
    reels = [*due, *later]
    assert [(reel.slug, reel.topic_seed, reel.topic) for reel in reels] == [("ada", 2, "Warm milk"), ("bix", 4, "New cups"), ("ada", 1, "")]
    assert [reel.overrides for reel in reels] == [{}, {"captions.size_px": 90}, {}]
    assert [reel.script for reel in reels] == [None, None, (studio / "words.md").resolve()]
    assert [reel.due for reel in reels] == [datetime.date(2026, 3, 1), None, datetime.date(2026, 3, 3)]
    assert [reel.where.rpartition(" ")[2] for reel in reels] == [str(line) for line in lines]
    assert len(later) == 1


def test_a_topic_that_comes_again_takes_its_next_turn(studio: Path) -> None:
    """A topic that was told, or stands twice in the calendar, is told with its next hook: another seed of the same topic."""
    record = ledger_of(studio / "outputs").record
    record("ada", "0001-0123456789", reel="seed 1", topic="Cold brew", clips={}, used=[], sha256="ab")
    rows = "".join(f"  - {{brand: ada, topic: Cold brew, date: 2026-03-0{day}}}\n" for day in (1, 2))
    due, _ = planned(a_file(studio, f"reels:\n{rows}"))
    assert [(reel.topic_seed, reel.topic) for reel in due] == [(7, "Cold brew"), (13, "Cold brew")]


@pytest.mark.parametrize(
    "rows", [("{brand: ada, seed: 1}", "{brand: ada, topic: Cold brew}"), ("{brand: ada, topic: Cold brew}", "{brand: ada, seed: 1}")]
)
def test_a_seed_that_a_line_names_is_no_other_lines(studio: Path, rows: tuple[str, str]) -> None:
    """A topic takes another turn where a line names the seed of its first one, above it or below."""
    due, _ = planned(a_file(studio, "reels:\n" + "".join(f"  - {row}\n" for row in rows)))
    assert {reel.asked_as: (reel.topic_seed, reel.topic) for reel in due} == {
        "seed 1": (1, "Cold brew"),
        "topic Cold brew": (7, "Cold brew"),
    }


def test_a_line_keeps_what_it_was_planned_as(studio: Path) -> None:
    """A new line takes another turn of a topic that a line below it waits for. A line that names a seed gets it from one that waits, and
    shares it with one that is made.
    """
    old, new, named = "{brand: ada, topic: Cold brew}", "{brand: ada, topic: Cold brew, date: 2026-03-01}", "{brand: ada, seed: 1}"
    outputs = studio / "outputs"

    def opened(name: str, *rows: str) -> Batch:
        return opened_as(studio, name, *rows)

    def seeds(batch: Batch) -> dict[str, int]:
        return {reel.where.rpartition(" ")[2]: reel.topic_seed for reel in batch.reels}

    assert seeds(opened("waits", old)) == {"2": 1}
    assert seeds(opened("waits", new, old)) == {"2": 7, "3": 1}
    assert seeds(opened("waits", new, old)) == {"2": 7, "3": 1}
    assert seeds(opened("waits", named, new, old)) == {"2": 1, "3": 7, "4": 13}

    first = opened("made", old)
    BatchFile(outputs, first.id).add(Outcome(number=1, state="done", run="ada/0001-0123456789"))
    assert seeds(opened("made", named, new, old)) == {"2": 1, "3": 7, "4": 1}


def test_a_line_that_waits_follows_its_topic(studio: Path) -> None:
    """A topic or a seed in an edited deck is the line's as the deck is now; a made line stays as it was, though its topic is gone."""
    rows = ("{brand: ada, topic: Cold brew}", "{brand: ada, topic: Warm milk}", "{brand: ada, seed: 5}")

    def told(batch: Batch) -> list[tuple[int, str]]:
        return [(reel.topic_seed, reel.topic) for reel in batch.reels]

    first = opened_as(studio, "month", *rows)
    assert told(first) == [(1, "Cold brew"), (2, "Warm milk"), (5, "Slow water")]
    BatchFile(studio / "outputs", first.id).add(Outcome(number=1, state="done", run="ada/0001-0123456789"))
    make_studio(studio, ["ada"], topics=("Newest", "Warm", "Warm milk", "Old beans", "Other cups"))
    assert told(opened_as(studio, "month", *rows)) == [(1, "Cold brew"), (3, "Warm milk"), (5, "Other cups")]


def test_lines_whose_topics_a_model_chooses_take_turns(studio: Path) -> None:
    """A line that is added, or whose line before it is gone, follows the brand's reel before it; one that a deck gives a topic waits for
    none."""
    path = studio / "templates/brands/ada.yaml"
    path.write_text(path.read_text().replace("{deck: ada, length_s: 4}", "{deck: ada, length_s: 4, writer: openai, model: tiny}"))

    def follows(*rows: str) -> list[tuple[int, int | None]]:
        return [(reel.number, reel.after) for reel in opened_as(studio, "month", *rows).reels]

    one, two, three, other = "{brand: ada, seed: 1}", "{brand: ada, seed: 2}", "{brand: ada, seed: 3}", "{brand: bix, seed: 1}"
    assert follows(one, other, two) == [(1, None), (2, None), (3, 1)]
    assert follows(one, other, two, three) == [(1, None), (2, None), (3, 1), (4, 3)]
    assert follows(one, other, three) == [(1, None), (2, None), (4, 1)]


@pytest.mark.parametrize(
    ("was", "now", "stays"),
    [
        (", date: 2026-03-02", ", date: 2026-03-01", True),
        (", date: 2026-02-27", ", date: 2026-03-02", True),
        ("", ", date: 2026-03-02", True),
        (", date: 2026-03-01", "", True),
        (", date: 2026-02-01", ", date: 2026-03-01", False),
        (", date: 2026-02-01", "", False),
    ],
)
@pytest.mark.parametrize("what", ["topic: Cold brew", "seed: 1", "script: words.md"])
def test_a_date_that_is_corrected_makes_no_other_reel(studio: Path, what: str, was: str, now: str, stays: bool) -> None:
    """A made line whose date moves by a week at most is still that reel, and it is said once; a later date in its place asks for another,
    and so does a line beside it."""
    outputs, lines = studio / "outputs", list[str]()
    first = opened_as(studio, "month", f"{{brand: ada, {what}{was}}}")
    ended = "2026-03-02T02:00:00+00:00"
    BatchFile(outputs, first.id).add(Outcome(number=1, state="done", run="ada/0001-0123456789", url="file:///1", ended_at=ended))
    again = opened_as(studio, "month", f"{{brand: ada, {what}{now}}}", tell=lines.append)
    assert len(again.missing) == (0 if stays else 1)
    assert [line.partition(";")[0].partition("): ")[2] for line in lines] == ["stays made, though its date was changed"] * stays
    opened_as(studio, "month", f"{{brand: ada, {what}{now}}}", tell=lines.append)
    assert len(lines) == int(stays)
    beside = opened_as(studio, "month", f"{{brand: ada, {what}{now}}}", f"{{brand: ada, {what}, date: 2026-02-26}}")
    assert len(beside.reels) == len(again.reels) + 1


def test_capitals_make_no_other_reel(studio: Path) -> None:
    """A topic in other capitals is the same topic: twice in a calendar it is asked for twice, and made it stays made."""
    first = opened_as(studio, "month", "{brand: ada, topic: Cold brew}")
    BatchFile(studio / "outputs", first.id).add(Outcome(number=1, state="done", run="ada/0001-0123456789"))
    assert opened_as(studio, "month", "{brand: ada, topic: COLD brew}").missing == ()
    with pytest.raises(RunError, match=r"the same reel is asked for twice, also in line 2"):
        planned(a_file(studio, "brand,topic\nada,Cold brew\nada,cold brew\n", "jobs.csv"))


def test_a_topic_is_one_of_the_deck_that_the_line_takes(studio: Path) -> None:
    """Topics and seeds are those of the brand as its line changes it."""
    make_studio(studio, ["teas"], topics=("Green leaf", "Black leaf"))
    other = "overrides: {script.deck: teas}"
    due, _ = planned(a_file(studio, f"reels:\n  - {{brand: ada, topic: Black leaf, {other}}}\n  - {{brand: ada, seed: 3, {other}}}\n"))
    assert [(reel.topic_seed, reel.topic) for reel in due] == [(2, "Black leaf"), (3, "Green leaf")]
    with pytest.raises(RunError, match="its deck 'teas' has no topic 'Cold brew'"):
        planned(a_file(studio, f"reels:\n  - {{brand: ada, topic: Cold brew, {other}}}\n"))


def test_a_date_in_a_spreadsheet_is_the_text_of_a_field(studio: Path) -> None:
    """A cell that YAML would take for a date is what the brand's field says."""
    due, _ = planned(a_file(studio, "brand,seed,overlays.end_card_subtitle\nada,1,2026-03-01\n", "jobs.csv"))
    assert [reel.overrides for reel in due] == [{"overlays.end_card_subtitle": "2026-03-01"}]


@pytest.mark.parametrize("before", ["", "sep=;\n"])
@pytest.mark.parametrize(("cell", "said"), [('"Say ""hi"" now"', 'Say "hi" now'), ('"Say ""hi""; now"', 'Say "hi"; now')])
def test_quotes_in_a_spreadsheet_are_what_they_say(studio: Path, before: str, cell: str, said: str) -> None:
    """Quotes are doubled within quotes, as spreadsheets write them, below the line that Excel writes for itself too."""
    due, _ = planned(a_file(studio, f"{before}brand;seed;overlays.end_card_text\nada;1;{cell}\nbix;1;\n", "jobs.csv"))
    assert [reel.overrides for reel in due] == [{"overlays.end_card_text": said}, {}]
    assert due[1].where.endswith("line 4" if before else "line 3")


QUOTES = "a quote within quotes is doubled, and each that opens is closed"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('brand,seed,overlays.end_card_text\nada,1,"one "two" three"\nbix,1,\n', f"{QUOTES} (jobs.csv, line 2)"),
        ('brand,seed\nada,1\n"bix,1\nada,2\n', f"{QUOTES} (jobs.csv, line 3)"),
        ("brand,topic,topic\nada,Cold brew,\n", "column topic stands there twice; leave one of them out (jobs.csv, line 1)"),
        (
            "brand,seed\nada,1\nbix,99999999999999999999999\n",
            "seed is '99999999999999999999999'; it must be 0 to 9.22337e+18 (jobs.csv, line 3)",
        ),
        ("brand,seed\nada,1\nbix," + "9" * 140_000 + "\n", "line 3"),
        ("brand,script\nada,words.md\nbix,wo\0rds.md\n", "it holds a NUL, which no text does; save it as UTF-8 text (jobs.csv, line 3)"),
        ("brand,script\nada,words.md\nbix," + "x" * 5000 + ".md\n", "line 3"),
        ("brand,seed,date\nada,1,0\n", "it must be a date such as 2026-03-02, it is 0 (jobs.csv, line 2)"),
        ("brand,seed,date\nada,1,86400\n", "it must be a date such as 2026-03-02, it is 86400 (jobs.csv, line 2)"),
        ("brand,seed,date\nada,1,46083.5\n", "it must be a date such as 2026-03-02, it is 46083.5 (jobs.csv, line 2)"),
    ],
)
def test_an_odd_cell_is_told_with_its_line(studio: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: str) -> None:
    """What a spreadsheet may hold by mistake is one line with its number: no fault, and nothing that was not meant."""
    monkeypatch.chdir(studio)
    with pytest.raises(RunError) as caught:
        planned(a_file(studio, text, "jobs.csv"))
    assert line in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("{brand: ada, seed: 1, date: 0}", ["it must be a date such as 2026-03-02, it is 0", "line 2"]),
        ("{brand: ada, topic: Cold brw}", ["has no topic 'Cold brw'; did you mean 'Cold brew'?", "line 2"]),
        ("{brand: adda, seed: 1}", ["brand 'adda': there is no file", "did you mean 'ada'?", "line 2"]),
        ("{brand: ada}", ["it must say one of topic, seed or script, it says none", "line 2"]),
        ("{brand: ada, seed: 1, topic: Cold brew}", ["it says topic and seed", "line 2"]),
        ("{brand: ada, sed: 1}", ["sed is not a field; did you mean 'seed'?", "line 2"]),
        ("{brand: ada, seed: -1}", ["seed is -1", "line 2"]),
        ("{brand: ada, seed: 1, date: tomorrow}", ["date", "line 2"]),
        ("{brand: ada, script: none.md}", ["there is no script", "none.md", "line 2"]),
        ("{brand: ada, seed: 1, overrides: {captions.size_px: 20}}", ["captions.size_px is 20; it must be 55 to 120", "line 2"]),
        ("{brand: ada, seed: 1}\n  - {brand: ada, seed: 1}", ["asked for twice, also in line 2", "line 3"]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(studio: Path, rows: str, lines: list[str]) -> None:
    """A calendar with a problem plans nothing; the problem names file, line, what was expected and the nearest right name."""
    with pytest.raises(RunError) as caught:
        planned(a_file(studio, f"reels:\n  - {rows}\n"))
    assert all(line in str(caught.value) for line in ("jobs.yaml", *lines))


def test_all_problems_are_told_at_once(studio: Path) -> None:
    """Every wrong line of a CSV file gets a line of its own, with its number."""
    text = "brand,topic,date\nadda,Cold brew,\nada,Cold brw,\nada,Cold brew,soon\nada,Cold brew,2026-03-01,more\nada,Warm milk,\n"
    with pytest.raises(CalendarProblems) as caught:
        planned(a_file(studio, text, "jobs.csv"))
    told = caught.value.lines
    assert "\n" not in str(caught.value)
    assert len(told) == 5
    assert told[-1] == "4 problems; nothing was made"
    for number in (2, 3, 4, 5):
        assert sum(f"jobs.csv, line {number})" in line for line in told) == 1


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("jobs.csv", "brand,topik\nada,Cold brew\n", "its columns are brand, topik; they must be brand, topic, seed, script, date"),
        ("jobs.csv", "brand,topic\n", "it holds no reel"),
        ("jobs.yaml", "reels: []\n", "it must have at least 1 entry"),
        ("jobs.yaml", "- brand: ada\n", "the file must hold fields"),
        ("jobs.yaml", "reels: [\n", "not valid YAML"),
        ("jobs.txt", "ada", "it must be a .yaml or a .csv file"),
    ],
)
def test_a_file_that_is_no_calendar_is_one_line(studio: Path, name: str, text: str, line: str) -> None:
    """What cannot be read as a calendar at all is told with what one looks like."""
    with pytest.raises(RunError) as caught:
        planned(a_file(studio, text, name))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_reel_is_known_again_by_what_its_line_says(studio: Path) -> None:
    """Moving a line changes nothing; other words in a script, another date or another field make it another reel."""
    rows = ["{brand: ada, topic: Warm milk}", "{brand: ada, script: words.md}"]
    first = {reel.key for reel in planned(a_file(studio, "reels:\n" + "".join(f"  - {row}\n" for row in rows)))[0]}
    turned = {reel.key for reel in planned(a_file(studio, "reels:\n" + "".join(f"  - {row}\n" for row in reversed(rows))))[0]}
    assert turned == first
    (studio / "words.md").write_text("Other words.")
    changed = {reel.key for reel in planned(a_file(studio, "reels:\n" + "".join(f"  - {row}\n" for row in rows)))[0]}
    assert len(changed & first) == 1
