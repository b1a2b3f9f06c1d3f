"""An editorial calendar: a YAML or CSV file with a line for each reel, all of it checked before anything is made."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, ValidationError, model_validator
from ruamel.yaml.error import YAMLError

from reelkit.batch.plan import Batch, PlannedReel
from reelkit.batch.topics import planned_reel, seed_of_topic, taken_seeds
from reelkit.brand import Brand, load_brand
from reelkit.errors import ReelkitError, RunError
from reelkit.ledgers import ledger_for
from reelkit.model import Value
from reelkit.whole import sha256_of
from reelkit.yamlfile import problems_of, read_yaml, shown_path, value_typed

__all__ = ["Calendar", "CalendarProblems", "CalendarRow", "plan_calendar", "read_calendar"]


class CalendarRow(Value):
    """One reel of a calendar."""

    brand: str = Field(min_length=1)
    topic: str | None = Field(default=None, description="a topic of the brand's deck, by its title")
    seed: int | None = Field(default=None, ge=0, description="instead of a topic")
    script: Path | None = Field(default=None, description="instead of a topic; a path from the calendar's folder")
    date: datetime.date | None = Field(default=None, description="when it is due; at once where not given")
    overrides: dict[str, JsonValue] = Field(default={}, description="brand fields replaced for this reel")

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
    path: Path, *, outputs: Path, others: Sequence[Batch], until: datetime.date, known: Sequence[PlannedReel] = ()
) -> tuple[tuple[PlannedReel, ...], list[PlannedReel]]:
    """Read a calendar and plan its reels.

    No two lines are one reel unless they say so: what a line has is not given to another, be it a seed that it names or one that it was
    planned with before.

    Parameters
    ----------
    path : Path
    outputs : Path
        Whose ledger knows which hooks of a topic were used.
    others : sequence of Batch
        Batches whose unfinished reels are not planned again.
    until : date
        What is due later is checked, and planned another day.
    known : sequence of PlannedReel
        What the calendar's batch holds already.

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
    planner = _Planner(path, outputs, others, known)
    for line in lines:
        # What is wrong with it is told below.
        with contextlib.suppress(ReelkitError):
            planner.reserve(line.row)
    planned: list[PlannedReel] = []
    places: dict[str, str] = {}
    for line in lines:
        try:
            reel = planner.plan(line)
        except ReelkitError as error:
            problems.append(f"{error} ({line.where})")
            continue
        if reel.key in places:
            problems.append(f"calendar '{path.stem}': the same reel is asked for twice, also in {places[reel.key]} ({line.where})")
        places[reel.key] = line.where.rpartition(", ")[2]
        planned.append(reel)
    if problems:
        raise CalendarProblems(*problems)
    due = tuple(reel for reel in planned if reel.due is None or reel.due <= until)
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
    try:
        dialect: Any = csv.Sniffer().sniff(text.partition("\n")[0], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.DictReader(io.StringIO(text), dialect=dialect, restkey="")
    columns = [name.strip() for name in reader.fieldnames or ()]
    wrong = [name for name in columns if name not in CalendarRow.model_fields and "." not in name]
    if "brand" not in columns or wrong:
        told = f"its columns are {', '.join(columns) or 'none'}; they must be brand, topic, seed, script, date and brand fields such as"
        raise RunError(f"{what}: {told} captions.size_px ({where}, line 1)")
    lines: list[_Line] = []
    problems: list[str] = []
    for cells in reader:
        place = f"{where}, line {reader.line_num}"
        filled = {name.strip(): value.strip() for name, value in cells.items() if isinstance(value, str) and value.strip()}
        if not filled:
            continue
        if "" in cells:
            problems.append(f"{what}: there are more cells than columns; put texts with commas in quotes ({place})")
            continue
        try:
            lines.append(_Line(_row_of(filled), place))
        except ValidationError as error:
            # Its own places are of no use: a CSV file has no fields within fields.
            problems += [f"{problem} ({place})" for problem in problems_of(error, filled, CalendarRow, what=what, path=None)]
    if not lines and not problems:
        problems.append(f"{what}: it holds no reel ({where})")
    return lines, problems


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

    def __init__(self, path: Path, outputs: Path, others: Sequence[Batch], known: Sequence[PlannedReel]) -> None:
        self._path, self._outputs, self._others = path, outputs, others
        self._known = {reel.key: reel for reel in known}
        self._brands: dict[str, Brand] = {}
        self._named: defaultdict[str, set[int]] = defaultdict(set)
        self._kept: defaultdict[str, set[int]] = defaultdict(set)
        self._taken: dict[str, set[int]] = {}

    def reserve(self, row: CalendarRow) -> None:
        """Keep the seed that a line names, or has from before, from lines that ask for a topic."""
        brand = self._brand(row)
        if row.seed is not None:
            self._named[brand.slug].add(row.seed)
        elif row.topic is not None and (before := self._before(brand, row)):
            self._kept[brand.slug].add(before.topic_seed)

    def plan(self, line: _Line) -> PlannedReel:
        row = line.row
        brand = self._brand(row)
        script = (self._path.parent / row.script).resolve() if row.script else None
        if script is not None and not script.is_file():
            raise RunError(f"brand '{brand.slug}': there is no script {shown_path(script)}")
        seed = self._seed(brand, row)
        return planned_reel(
            row.brand,
            brand,
            self._outputs,
            topic_seed=seed,
            script=script,
            overrides=row.overrides,
            due=row.date,
            asked_as=f"script {script} {sha256_of(script)[:10]}" if script else _by_topic(row) if row.topic else f"seed {seed}",
            where=line.where,
        )

    def _brand(self, row: CalendarRow) -> Brand:
        """Return a line's brand as the line changes it: topics are those of its deck."""
        key = json.dumps([row.brand, row.overrides], sort_keys=True)
        if key not in self._brands:
            brand = load_brand(row.brand)
            self._brands[key] = brand.with_changes(dict(row.overrides)) if row.overrides else brand
        return self._brands[key]

    def _seed(self, brand: Brand, row: CalendarRow) -> int:
        if row.topic is None:
            return 1 if row.seed is None else row.seed
        if brand.slug not in self._taken:
            made = taken_seeds(brand.slug, ledger_for(brand, self._outputs), self._others)
            self._taken[brand.slug] = made | self._named[brand.slug] | self._kept[brand.slug]
        taken = self._taken[brand.slug]
        seed = seed_of_topic(brand, row.topic, taken=taken)
        before = self._before(brand, row)
        if before is not None and before.topic_seed not in self._named[brand.slug]:
            return before.topic_seed
        taken.add(seed)
        return seed

    def _before(self, brand: Brand, row: CalendarRow) -> PlannedReel | None:
        """Return what a line that asks for a topic was planned as before."""
        asked = PlannedReel(
            number=1, brand=row.brand, slug=brand.slug, topic_seed=0, overrides=row.overrides, due=row.date, asked_as=_by_topic(row)
        )
        return self._known.get(asked.key)


def _by_topic(row: CalendarRow) -> str:
    return f"topic {row.topic}"
