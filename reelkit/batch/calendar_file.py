"""An editorial calendar: a YAML or CSV file with a line for each reel, all of it checked before anything is made."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator
from ruamel.yaml.error import YAMLError

from reelkit.batch.plan import Batch, PlannedReel
from reelkit.batch.topics import has_topic, planned_reel, seed_of_topic, taken_seeds
from reelkit.brand import Brand, load_brand
from reelkit.errors import ReelkitError, RunError
from reelkit.ledgers import ledger_for
from reelkit.model import Value
from reelkit.runs.manifest import MOST_SEED
from reelkit.whole import sha256_of
from reelkit.yamlfile import problems_of, read_yaml, shown_path, value_typed

__all__ = ["Calendar", "CalendarProblems", "CalendarRow", "plan_calendar", "read_calendar"]

_CORRECTION = datetime.timedelta(days=7)
"""A line whose date moves by more, in place of one that is made, asks for another reel: calendars go on, and old lines are taken out."""


class CalendarRow(Value):
    """One reel of a calendar."""

    brand: str = Field(min_length=1)
    topic: str | None = Field(default=None, description="a topic of the brand's deck, by its title")
    seed: int | None = Field(default=None, ge=0, le=MOST_SEED, description="instead of a topic")
    script: Path | None = Field(default=None, description="instead of a topic; a path from the calendar's folder")
    date: datetime.date | None = Field(default=None, description="when it is due; at once where not given")
    overrides: dict[str, JsonValue] = Field(default={}, description="brand fields replaced for this reel")

    @field_validator("date", mode="before")
    @classmethod
    def _is_no_number(cls, date: Any) -> Any:
        if isinstance(date, int | float) or (isinstance(date, str) and re.fullmatch(r"[-+.\d]*", date) and date.count("-") < 2):
            raise ValueError(f"it must be a date such as 2026-03-02, it is {date}")
        return date

    @model_validator(mode="after")
    def _says_what(self) -> CalendarRow:
        said = [name for name in ("topic", "seed", "script") if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"it must say one of topic, seed or script, it says {' and '.join(said) or 'none'}")
        return self


class Calendar(Value):
    """What a calendar's YAML file holds."""

    reels: tuple[CalendarRow, ...] = Field(min_length=1)


@dataclass(frozen=True)
class _Line:
    row: CalendarRow
    where: str


def plan_calendar(
    path: Path,
    *,
    outputs: Path,
    others: Sequence[Batch],
    until: datetime.date,
    known: Batch | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> tuple[tuple[PlannedReel, ...], list[PlannedReel]]:
    """Read a calendar and plan its reels.

    No two lines are one reel unless they say so: what a line has is not given to another, be it a seed that it names or one that it was
    planned with before. A line whose date is corrected, by at most a week, is still the reel that it was made as.

    Parameters
    ----------
    path : Path
    outputs : Path
        Whose ledger knows which hooks of a topic were used.
    others : sequence of Batch
        Batches whose unfinished reels are not planned again.
    until : date
        What is due later is checked, and planned another day.
    known : Batch, optional
        The calendar's batch as it is already.
    tell : callable
        Called with a line for each reel that stays made though its date was corrected.

    Returns
    -------
    due : tuple of PlannedReel
    later : list of PlannedReel

    Raises
    ------
    RunError
        With a line for each problem of the file.
    """
    lines, problems = read_calendar(path)
    planner = _Planner(path, outputs, others, until, known)
    for line in lines:
        # What is wrong with it is told below.
        with contextlib.suppress(ReelkitError, OSError):
            planner.reserve(line.row)
    planned: list[PlannedReel] = []
    places: dict[str, str] = {}
    for line in lines:
        try:
            reel = planner.plan(line)
        except ReelkitError as error:
            problems.append(f"{error} ({line.where})")
            continue
        except OSError as error:
            # A name that no disk takes.
            problems.append(f"calendar '{path.stem}': {error.strerror or error} ({line.where})")
            continue
        if reel.key in places:
            problems.append(f"calendar '{path.stem}': the same reel is asked for twice, also in {places[reel.key]} ({line.where})")
        places[reel.key] = line.where.rpartition(", ")[2]
        planned.append(reel)
    if problems:
        raise CalendarProblems(*problems)
    due = tuple(reel for reel in planned if reel.due is None or reel.due <= until)
    for reel in due:
        if reel.still is not None:
            told = "stays made, though its date was changed; for another reel add a line"
            tell(f"{reel.slug} {reel.still} ({reel.title}): {told} ({reel.where})")
    return due, [reel for reel in planned if reel not in due]


class CalendarProblems(RunError):
    """All that is wrong with a calendar; ``lines`` gives each problem its own."""

    def __init__(self, first: str, *others: str) -> None:
        super().__init__(f"{first} (and {len(others)} more; nothing was made)" if others else first)
        self.problems = (first, *others)

    @property
    def lines(self) -> tuple[str, ...]:
        return (*self.problems, f"{len(self.problems)} problems; nothing was made") if len(self.problems) > 1 else super().lines


def read_calendar(path: Path) -> tuple[list[_Line], list[str]]:
    """Return a calendar's lines as far as they can be read, and a line for each problem.

    Raises
    ------
    RunError
        When the file cannot be read at all.
    """
    if path.suffix.lower() == ".csv":
        return _read_csv(path)
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise RunError(f"calendar {shown_path(path)}: it must be a .yaml or a .csv file")
    try:
        data = read_yaml(path, what=f"calendar '{path.stem}'")
    except ReelkitError as error:
        raise RunError(str(error)) from None
    try:
        calendar = Calendar.model_validate(data)
    except ValidationError as error:
        return [], problems_of(error, data, Calendar, what=f"calendar '{path.stem}'", path=path)
    starts = [data["reels"].lc.item(index)[0] + 1 for index in range(len(calendar.reels))]
    return [_Line(row, f"{shown_path(path)}, line {start}") for row, start in zip(calendar.reels, starts, strict=True)], []


def _read_csv(path: Path) -> tuple[list[_Line], list[str]]:
    what, where = f"calendar '{path.stem}'", shown_path(path)
    try:
        # Spreadsheets begin a file with a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RunError(f"{what}: there is no file {where}") from None
    except (OSError, UnicodeDecodeError):
        raise RunError(f"{what}: {where} cannot be read as UTF-8 text") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise RunError(f"{what}: it holds a NUL, which no text does; save it as UTF-8 text ({where}, line {line})")
    marked = re.match(r"sep=(.)\n", text)
    rows = _rows_of(text, marked[1] if marked else max(",;\t", key=text.partition("\n")[0].count), skip=1 if marked else 0)
    lines: list[_Line] = []
    problems: list[str] = []
    columns: list[str] = []
    for number, cells in rows:
        place = f"{where}, line {number}"
        if isinstance(cells, csv.Error):
            problems.append(f"{what}: it is no CSV: {cells}; a quote within quotes is doubled, and each that opens is closed ({place})")
        elif not columns:
            columns = _columns_of(cells, what, place)
        elif any(cell.strip() for cell in cells[len(columns) :]):
            problems.append(f"{what}: there are more cells than columns; put texts with commas in quotes ({place})")
        elif filled := {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}:
            try:
                lines.append(_Line(_row_of(filled), place))
            except ValidationError as error:
                # Its own places are of no use: a CSV file has no fields within fields.
                problems += [f"{problem} ({place})" for problem in problems_of(error, filled, CalendarRow, what=what, path=None)]
    if not lines and not problems:
        problems.append(f"{what}: it holds no reel ({where})")
    return lines, problems


def _rows_of(text: str, delimiter: str, *, skip: int) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield the rows of a CSV text, each with its line's number; the last one is an error where the rest cannot be told apart."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, error
            return
        if line > skip and cells:
            yield line, cells


def _columns_of(cells: list[str], what: str, place: str) -> list[str]:
    columns = [name.strip() for name in cells]
    if twice := [name for name, count in Counter(columns).items() if count > 1 and name]:
        raise RunError(f"{what}: column {twice[0]} stands there twice; leave one of them out ({place})")
    if "brand" not in columns or any(name not in CalendarRow.model_fields and "." not in name for name in columns):
        told = f"its columns are {', '.join(columns)}; they must be brand, topic, seed, script, date and brand fields such as"
        raise RunError(f"{what}: {told} captions.size_px ({place})")
    return columns


def _row_of(cells: dict[str, str]) -> CalendarRow:
    overrides = {name: _plain(value) for name, value in cells.items() if "." in name}
    data: dict[str, Any] = {name: value for name, value in cells.items() if "." not in name}
    return CalendarRow.model_validate(data | ({"overrides": overrides} if overrides else {}))


def _plain(text: str) -> JsonValue:
    try:
        return value_typed(text)
    except YAMLError:
        return text


class _Planner:
    """Turns lines into reels; of a topic that comes again it takes the next turn."""

    def __init__(self, path: Path, outputs: Path, others: Sequence[Batch], until: datetime.date, known: Batch | None) -> None:
        self._path, self._outputs, self._others, self._until = path, outputs, others, until
        self._known = {reel.key: reel for reel in known.reels} if known else {}
        self._made = {reel.key: reel for reel in known.done} if known else {}
        self._gone = {reel.key: (reel, _day_of(reel, known)) for reel in known.done} if known else {}
        self._brands: dict[str, Brand] = {}
        self._named: defaultdict[str, set[int]] = defaultdict(set)
        self._kept: defaultdict[str, set[int]] = defaultdict(set)
        self._taken: dict[str, set[int]] = {}

    def reserve(self, row: CalendarRow) -> None:
        """Keep the seed that a line names, or has from before, from lines that ask for a topic."""
        brand = self._brand(row)
        asked = self._asked(brand, row)
        self._gone.pop(asked.key, None)
        before = self._known.get(asked.key)
        if row.seed is not None:
            self._named[brand.slug].add(row.seed)
        elif row.topic is not None and before and has_topic(brand, before.topic_seed, row.topic):
            self._kept[brand.slug].add(before.topic_seed)

    def plan(self, line: _Line) -> PlannedReel:
        row = line.row
        brand = self._brand(row)
        asked = self._asked(brand, row)
        redated = self._redated(asked)
        made = redated or self._made.get(asked.key)
        seed = made.topic_seed if made else self._seed(brand, row, self._known.get(asked.key))
        said = asked.model_dump(include={"script", "overrides", "due", "asked_as"})
        still = redated.number if redated else None
        return planned_reel(row.brand, brand, self._outputs, topic_seed=seed, where=line.where, still=still, **said)

    def _asked(self, brand: Brand, row: CalendarRow) -> PlannedReel:
        """Return what a line asks for, whatever seed it gets."""
        script = (self._path.parent / row.script).resolve() if row.script else None
        if script is not None and not script.is_file():
            raise RunError(f"brand '{brand.slug}': there is no script {shown_path(script)}")
        by_script = f"script {script} {sha256_of(script)[:10]}" if script else ""
        return PlannedReel(
            number=1,
            brand=row.brand,
            slug=brand.slug,
            topic_seed=0,
            script=script,
            overrides=row.overrides,
            due=row.date,
            asked_as=by_script or (f"seed {row.seed}" if row.topic is None else f"topic {row.topic}"),
        )

    def _redated(self, asked: PlannedReel) -> PlannedReel | None:
        """Return the made reel whose line is gone and that a new line asks for but for its date, which is about the same."""
        if asked.key in self._known:
            return None
        for key, (reel, day) in self._gone.items():
            if reel.undated_key == asked.undated_key and abs((asked.due or self._until) - day) <= _CORRECTION:
                del self._gone[key]
                return reel
        return None

    def _brand(self, row: CalendarRow) -> Brand:
        """Return a line's brand as the line changes it: topics are those of its deck."""
        key = json.dumps([row.brand, row.overrides], sort_keys=True)
        if key not in self._brands:
            brand = load_brand(row.brand)
            self._brands[key] = brand.with_changes(dict(row.overrides)) if row.overrides else brand
        return self._brands[key]

    def _seed(self, brand: Brand, row: CalendarRow, before: PlannedReel | None) -> int:
        if row.topic is None:
            return 1 if row.seed is None else row.seed
        if before is not None and before.topic_seed not in self._named[brand.slug] and has_topic(brand, before.topic_seed, row.topic):
            return before.topic_seed
        if brand.slug not in self._taken:
            made = taken_seeds(brand.slug, ledger_for(brand, self._outputs), self._others)
            self._taken[brand.slug] = made | self._named[brand.slug] | self._kept[brand.slug]
        seed = seed_of_topic(brand, row.topic, taken=self._taken[brand.slug])
        self._taken[brand.slug].add(seed)
        return seed


def _day_of(reel: PlannedReel, batch: Batch) -> datetime.date:
    """Return when a made reel was due, or else made."""
    return reel.due or datetime.date.fromisoformat((batch.outcomes[reel.number].ended_at or batch.started_at)[:10])
