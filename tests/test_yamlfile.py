"""YAML files read into values, or one line per problem."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from ruamel.yaml import YAML

from reelkit.errors import BrandError
from reelkit.model import Colour, Value
from reelkit.yamlfile import change_yaml, read_value, read_yaml, shown_path, value_typed


class Leg(Value):
    length_cm: float = Field(gt=0, le=120)
    wood: Literal["oak", "beech", "pine"] = "oak"


class Table(Value):
    name: str = Field(min_length=1)
    colour: Colour = "#000000"
    seats: int = Field(default=4, ge=1)
    painted: bool = False
    tags: tuple[Annotated[str, Field(min_length=2)], ...] = Field(default=(), max_length=2)
    legs: tuple[Leg, ...] = ()
    code: str = Field(default="a1", pattern="^[a-z][0-9]$", examples=["a1"])
    tag: str = Field(default="x", pattern="^[a-z]$")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "name: T\nlegs:\n  - length_cm: 70\n  - length: 70\n",
            "legs[1].length_cm is missing; add it (table.yaml, line 4) (and 1 more problem)",
        ),
        ("name: T\nseets: 4\n", "seets is not a field; did you mean 'seats'? (table.yaml, line 2)"),
        (
            "name: T\nqqq: 4\n",
            "qqq is not a field; known fields: name, colour, seats, painted, tags, legs, code, tag (table.yaml, line 2)",
        ),
        ("name: T\nseats: many\n", "seats is 'many'; it must be a whole number (table.yaml, line 2)"),
        ("name: T\nseats: 1.5\n", "seats is 1.5; it must be a whole number (table.yaml, line 2)"),
        ("name: T\nseats: 0\n", "seats is 0; it must be at least 1 (table.yaml, line 2)"),
        ("name: T\npainted: perhaps\n", "painted is 'perhaps'; it must be true or false (table.yaml, line 2)"),
        ("name: T\n\ncolour: red\n", "colour is 'red'; it must be a colour such as #C8742B (table.yaml, line 3)"),
        (
            "name: T\ncolour: #C8742B\n",
            'colour is empty; it must be a colour in quotes, such as "#C8742B", as # alone begins a comment (table.yaml, line 2)',
        ),
        (
            "name: T\nlegs:\n  - length_cm: 70\nedge:\n  in_colour:   # ABCDEF: #ABCDEF is none\n  out_colour: #abcdef   # of the edge\n",
            'edge.out_colour is empty; it must be a colour in quotes, such as "#C8742B", as # alone begins a comment (table.yaml, line 6)',
        ),
        (
            "name: T\nseats: &x {a_colour: }\ntag: {<<: *x}\n",
            "seats is a group of fields; it must be a whole number (table.yaml, line 2) (and 1 more problem)",
        ),
        ("name: 5\n", "name is 5; it must be text (put it in quotes) (table.yaml, line 1)"),
        ('name: ""\n', "name is ''; it must not be empty (table.yaml, line 1)"),
        ("name: T\nlegs: 4\n", "legs is 4; it must be a list (table.yaml, line 2)"),
        ("name: T\nlegs:\n  - 4\n", "legs[0] is 4; it must be a group of fields (table.yaml, line 3)"),
        ("name: T\nlegs:\n  - length_cm: 0\n", "legs[0].length_cm is 0; it must be more than 0 (table.yaml, line 3)"),
        ("name: T\nlegs:\n  - length_cm: 121\n", "legs[0].length_cm is 121; it must be at most 120 (table.yaml, line 3)"),
        (
            "name: T\nlegs:\n  - {length_cm: 7, wood: oack}\n",
            "legs[0].wood is 'oack'; it must be 'oak', 'beech' or 'pine'; did you mean 'oak'? (table.yaml, line 3)",
        ),
        ("name: T\ntags: [aa, bb, cc]\n", "tags: it must have at most 2 entries, it has 3 (table.yaml, line 2)"),
        ("name: T\ncode: 12\n", "code is 12; it must be text (put it in quotes) (table.yaml, line 2)"),
        ("name: T\ncode: ab\n", "code is 'ab'; it must be like 'a1' (table.yaml, line 2)"),
        ("name: T\ntag: AB\n", "tag is 'AB'; it must match ^[a-z]$ (table.yaml, line 2)"),
        ("seats: 0\npainted: 7\n", "name is missing; add it (table.yaml) (and 2 more problems)"),
    ],
)
def test_a_wrong_field_gives_file_line_and_what_was_expected(text: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of wrong field gives one line with what it is, what it must be, and where it stands."""
    monkeypatch.chdir(tmp_path)
    Path("table.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BrandError) as caught:
        read_value(Path("table.yaml"), Table, what="table 'T'")
    assert str(caught.value) == f"table 'T': {line}"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "the file must hold fields (`name: value` lines), it holds nothing (table.yaml)"),
        (b"# a comment\n", "the file must hold fields (`name: value` lines), it holds nothing (table.yaml)"),
        (b"- a\n- b\n", "the file must hold fields (`name: value` lines), it holds a list (table.yaml)"),
        (b"just words\n", "the file must hold fields (`name: value` lines), it holds text (table.yaml)"),
        (b"name: caf\xe9\n", "table.yaml is not UTF-8 text (byte 9); save it as UTF-8"),
        (b"\xff\xd8\xff\xe0", "table.yaml is not UTF-8 text (byte 0); save it as UTF-8"),
        (b"name: T\nname: U\n", 'not valid YAML: found duplicate key "name" with value "U" (original value: "T") (table.yaml, line 2)'),
        (b"name: [T\n", "not valid YAML: expected ',' or ']', but got '<stream end>' (table.yaml, line 2)"),
        (b"name: T\n\tseats: 4\n", "not valid YAML: found character '\\t' that cannot start any token (table.yaml, line 2)"),
        (
            b"name: T\nseats: 4\ntag: 0800-12-34\n",
            "not valid YAML: '0800-12-34' looks like a date or a number that there is not; put it in quotes to have it as text "
            "(table.yaml, line 3)",
        ),
        (
            b"name: T\nlegs:\n  - wood: 2026-02-30 25:00:00\n",
            "not valid YAML: '2026-02-30 25:00:00' looks like a date or a number that there is not; put it in quotes to have it as text "
            "(table.yaml, line 3)",
        ),
        (
            b"name: !!int many\n",
            "not valid YAML: 'many' looks like a date or a number that there is not; put it in quotes to have it as text "
            "(table.yaml, line 1)",
        ),
        (b"name: *gone\n", "not valid YAML: found undefined alias 'gone' (table.yaml, line 1)"),
    ],
)
def test_a_file_that_is_no_fields_gives_one_line(content: bytes, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is empty, binary, in another encoding or not YAML is one line, with the line number where there is one."""
    monkeypatch.chdir(tmp_path)
    Path("table.yaml").write_bytes(content)
    with pytest.raises(BrandError) as caught:
        read_value(Path("table.yaml"), Table, what="table 'T'")
    assert str(caught.value) == f"table 'T': {line}"


def test_binary_content_is_one_line(tmp_path: Path) -> None:
    """What is not text at all is refused without a traceback."""
    (tmp_path / "table.yaml").write_bytes(bytes(range(32)))
    with pytest.raises(BrandError, match="not valid YAML") as caught:
        read_yaml(tmp_path / "table.yaml", what="table")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("typed", ["kichen", "kit"])
def test_a_missing_file_names_its_nearest_neighbour(tmp_path: Path, typed: str) -> None:
    """Who mistypes a name, or types its beginning, is told the right one, though another is as like by its letters."""
    (tmp_path / "kitchen.yaml").write_text("name: T\n")
    (tmp_path / "lit.yaml").write_text("name: T\n")
    with pytest.raises(BrandError, match=re.escape("there is no file") + ".*did you mean 'kitchen'"):
        read_yaml(tmp_path / f"{typed}.yaml", what="table")


def test_a_missing_file_like_no_other_names_those_there_are(tmp_path: Path) -> None:
    """Who cannot have meant one of them sees what there is, up to eight."""
    for letter in "abcdefghij":
        (tmp_path / f"{letter}1.yaml").write_text("name: T\n")
    with pytest.raises(BrandError, match=re.escape("nope.yaml; there are a1, b1, c1, d1, e1, f1, g1, h1, ...") + "$"):
        read_yaml(tmp_path / "nope.yaml", what="table")


def test_a_folder_is_one_line(tmp_path: Path) -> None:
    """A folder in place of a file is said as what the system says of it."""
    (tmp_path / "table.yaml").mkdir()
    with pytest.raises(BrandError, match="cannot be read"):
        read_yaml(tmp_path / "table.yaml", what="table")


def test_a_right_file_is_read(tmp_path: Path) -> None:
    """A file whose fields are right gives their value."""
    (tmp_path / "table.yaml").write_text('name: T\ncolour: "#c8742b"\nlegs:\n  - {length_cm: 70}\n')
    table = read_value(tmp_path / "table.yaml", Table, what="table")
    assert (table.colour, table.legs[0].wood) == ("#C8742B", "oak")


@pytest.mark.parametrize(
    "text", ["2026-03-01", "2026-02-30", "2026-03-01 12:00:00", "{1: 2}", "[2026-03-01]", "!!binary aGk=", "#C8742B", "a b"]
)
def test_what_no_json_holds_stays_as_it_was_typed(text: str) -> None:
    """A date, one that no calendar has, a key that is a number and a colour are the texts that they are; the rest is what YAML reads."""
    assert value_typed(text) == text
    assert value_typed("{a: [1, 2.5, true, null, 'x']}") == {"a": [1, 2.5, True, None, "x"]}


def test_paths_are_shown_as_a_person_would_type_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths below the working directory are relative to it, others whole."""
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "a" / "b.yaml") == "a/b.yaml"
    assert shown_path(Path("/elsewhere/b.yaml")) == "/elsewhere/b.yaml"


BRANDS = sorted((Path(__file__).parents[1] / "templates" / "brands").glob("*.yaml"))


@pytest.mark.parametrize("brand", BRANDS, ids=lambda path: path.stem)
def test_only_the_changed_lines_of_a_file_change(brand: Path, tmp_path: Path) -> None:
    """Every other line stands as it stood, comments, quotes and order too; the values read back are those that were given."""
    path = tmp_path / "brand.yaml"
    path.write_bytes(brand.read_bytes())
    changes = {
        "palette.accent": "#00FF7F",
        "captions.size_px": 91,
        "captions.bottom_px": 1400,
        "footage.libraries": ["backdrops", "folder"],
        "safe_zone.top_px": 260,
        "captions.box_colour": None,
    }
    before, after = change_yaml(path, changes, what="brand 'x'")
    assert (before, after) == (brand.read_text(), path.read_text())
    old, new = before.splitlines(), after.splitlines()
    touched = ("accent:", "size_px:", "bottom_px:", "libraries:", "safe_zone:", "top_px:", "box_colour:")
    assert [line for line in new if line not in old and not line.strip().startswith(touched)] == []
    assert [line for line in old if line not in new and not line.strip().startswith(touched)] == []
    assert [line for line in new if line in old] == [line for line in old if line in new]
    data = read_yaml(path, what="x")
    assert all(data[name.split(".")[0]][name.split(".")[1]] == value for name, value in changes.items())


def test_a_changed_line_keeps_its_comment(tmp_path: Path) -> None:
    """The note after a value tells of the field, not of the value, and stays."""
    path = tmp_path / "a.yaml"
    path.write_text('name: T\ncolour:   "#101010"   # of the wood\nlegs:   {long: 3}\n')
    change_yaml(path, {"colour": "#ABCDEF"}, what="x")
    assert path.read_text().splitlines()[1].endswith("# of the wood")
    assert '"#ABCDEF"' in path.read_text()
    assert path.read_text().splitlines()[2] == "legs:   {long: 3}"


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("a:\n    b: 1\n    c: 2", {"a.b": 3}, "a:\n    b: 3\n    c: 2"),
        ("a:\n    b: 1", {"a.d": 3}, "a:\n    b: 1\n    d: 3\n"),
        ("a:\n    b: 1", {"e.f": "x"}, "a:\n    b: 1\ne:\n    f: x\n"),
        ("a:\r\n  b: 1\r\n", {"a.b": 2, "a.c": 3}, "a:\r\n  b: 2\r\n  c: 3\r\n"),
        ("a:\n  b:\n  - x\n  - y   # why\nc: 1\n", {"c": 2}, "a:\n  b:\n  - x\n  - y   # why\nc: 2\n"),
        ("a:\n  b:   # some\n  - x\n  - y\n\nc: 1\n", {"a.b": ["z", "y", "x"]}, "a:\n  b:   # some\n  - z\n  - y\n  - x\n\nc: 1\n"),
        (
            "a:\n  - x # one\n  # of y\n  - 'y'\n\n# of b\nb: 1\n",
            {"a": ["y", "z", "x"]},
            "a:\n  # of y\n  - 'y'\n  - z\n  - x # one\n\n# of b\nb: 1\n",
        ),
        ("a:\n- x # one\n- y", {"a": ["y", "x"]}, "a:\n- y\n- x # one"),
        ("a:\n  b:   # some\n    - x\n\n# of c\nc: 1\n", {"a.b": []}, "a:\n  b: []   # some\n\n# of c\nc: 1\n"),
        ("a: {b: 1}   # one\n", {"a.c": "x, y", "a.b": None}, "a: {b: null, c: 'x, y'}   # one\n"),
        ("a: {}\nb: {c: }\n", {"a.b": 1, "b.c.d": 2}, "a: {b: 1}\nb: {c: {d: 2} }\n"),
        ("a:   # later\nb: 1\n", {"a.c": 1}, "a:   # later\n  c: 1\nb: 1\n"),
        ("a:\n  b:     # none\nc: 1\n", {"a.b": "#ABCDEF"}, 'a:\n  b: "#ABCDEF" # none\nc: 1\n'),
        ('a: "#ABCDEF"   # of it\nb: 1\n', {"a": None}, "a:             # of it\nb: 1\n"),
        ("a: |\n  one\n  two\n\n# of b\nb: 1\n", {"a": "three"}, "a: three\n\n# of b\nb: 1\n"),
        ("a: one\n  two\nb: [1,\n  2]\nc: 1\n", {"c": 2}, "a: one\n  two\nb: [1,\n  2]\nc: 2\n"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}a: 1\n", {"a": 2}, "\N{ZERO WIDTH NO-BREAK SPACE}a: 2\n"),
        ("a: 1\n", {"b": "one\ntwo"}, 'a: 1\nb: "one\\ntwo"\n'),
        # What the text alone does not tell is written anew.
        ("a: &x   1\nb: *x\n", {"b": 2}, "a: &x 1\nb: 2\n"),
        ("a:   1\n...\n", {"b.c": 2}, "a: 1\nb:\n  c: 2\n"),
    ],
)
def test_a_change_is_written_in_the_files_own_way(before: str, changes: dict[str, Any], after: str, tmp_path: Path) -> None:
    """Indents, line ends, kinds of list and a missing last line end are the file's, and stay."""
    path = tmp_path / "a.yaml"
    path.write_bytes(before.encode())
    assert change_yaml(path, changes, what="x") == (before, path.read_bytes().decode())
    assert path.read_bytes().decode() == after


def test_a_value_where_a_group_should_be_is_refused(tmp_path: Path) -> None:
    """Who changes a field of what is no group is told so, and the file stays."""
    path = tmp_path / "a.yaml"
    path.write_text("a:\n  b: 1\n")
    with pytest.raises(BrandError, match=r"x: a\.b is 1; it must be a group of fields .*a\.yaml, line 2"):
        change_yaml(path, {"a.b.c": 2}, what="x")
    assert path.read_text() == "a:\n  b: 1\n"


VALUES = (7, 1.5, True, "plain words", "a, b", "it's: #1", "#E4572E", "", "yes", ["one", "a, b"], [], None)
WRITTEN = (
    "7",
    "1.50",
    "yes",
    "plain  words",
    "'single'",
    '"double"',
    "",
    "[x,   y]",
    "[x,{indent}y]",
    "two{indent}lines",
    "|-{indent}kept",
)


@st.composite
def yaml_files(draw: st.DrawFn) -> tuple[str, dict[str, Any], list[str], str]:
    """A file in somebody's style, changes to it, the lines that no change is about, and what ends lines."""
    step, comment = draw(st.sampled_from((1, 2, 3, 4, 8))), st.sampled_from(("", "", "   # why", " # it's {so}: [1"))
    changes: dict[str, Any] = draw(
        st.dictionaries(
            st.sampled_from([f"g{group}.f{field}" for group in range(4) for field in range(4)]), st.sampled_from(VALUES), max_size=5
        )
    )
    lines, untouched = list[str](), list[str]()
    for group in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(("", "# of the next", "   # odd"))))
            untouched.append(lines[-1])
        names = [f"f{field}" for field in range(draw(st.integers(1, 3)))]
        if draw(st.integers(0, 4)) == 0:
            line = f"g{group}: {{{', '.join(f'{name}: {draw(st.integers(0, 9))}' for name in names)}}}{draw(comment)}"
            lines.append(line)
            untouched += [] if any(name.startswith(f"g{group}.") for name in changes) else [line]
            continue
        lines.append(f"g{group}:{draw(comment)}")
        untouched.append(lines[-1])
        for name in names:
            field = " " * step + f"{name}:"
            if draw(st.integers(0, 3)) == 0:
                dash = " " * (step + draw(st.sampled_from((0, 2, step)))) + "-"
                own = [field + draw(comment), *(f"{dash} {item}{draw(comment)}" for item in "xyz")]
            else:
                value = draw(st.sampled_from(WRITTEN)).replace("{indent}", "\n" + " " * 2 * step)
                own = f"{field} {value}{'' if chr(10) in value else draw(comment)}".split("\n")
            if draw(st.integers(0, 3)) == 0:
                own.append("")
            lines += own
            untouched += [] if f"g{group}.{name}" in changes else own
    end = draw(st.sampled_from(("\n", "\r\n")))
    last = draw(st.sampled_from((end, end, ""))) if len(lines) > 1 else end
    return end.join(lines) + last, changes, [line + end for line in untouched], end


@given(yaml_files())
def test_a_file_in_any_style_keeps_it(tmp_path_factory: pytest.TempPathFactory, made: tuple[str, dict[str, Any], list[str], str]) -> None:
    """What is read back is what was there with the changes, and every line that they are not about is as it was."""
    text, changes, untouched, end = made
    path = tmp_path_factory.getbasetemp() / "styled.yaml"
    path.write_bytes(text.encode())
    expected = YAML(typ="safe").load(text)
    for name, value in changes.items():
        group, field = name.split(".")
        expected.setdefault(group, {})[field] = value
    change_yaml(path, changes, what="x")
    after = path.read_bytes().decode()
    assert YAML(typ="safe").load(after) == expected
    kept = iter((after + end).splitlines(keepends=True))
    assert [line for line in untouched if line not in kept] == []


def test_a_file_that_cannot_be_written_stays(tmp_path: Path) -> None:
    """A folder in its place gives one line and leaves everything as it was."""
    with pytest.raises(BrandError, match="there is no file"):
        change_yaml(tmp_path / "none.yaml", {"a": 1}, what="x")
    assert list(tmp_path.iterdir()) == []
