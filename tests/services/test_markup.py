"""Plain paragraphs from Markdown and HTML."""

import time

import pytest

from reelkit.services.markup import paragraphs_of


def texts(source: str) -> list[str]:
    return [paragraph.text for paragraph in paragraphs_of(source)[1]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("One\ntwo.\n\nThree.", ["One two.", "Three."]),
        ("- one\n- two\n  lines\n* three\n1. four\n2) five", ["one", "two lines", "three", "four", "five"]),
        ("> quoted\n> text", ["quoted text"]),
        ("a\n***\nb\n\n---\n\nc", ["a", "b", "c"]),
        ("## Left out\nKept\n### Left out too\nKept too", ["Kept", "Kept too"]),
        ("**Bold**, *slanted*, ***both***, `code`, ~~gone~~ and __under__.", ["Bold, slanted, both, code, gone and under."]),
        ("snake_case and 3 * 4 * 5 stay", ["snake_case and 3 * 4 * 5 stay"]),
        ("[a link](https://example.org) ![a picture](x.png) end", ["a link end"]),
        (r"2 \* 3 \# 4", ["2 * 3 # 4"]),
        ("<div>a<br>b</div>\nc", ["a", "b", "c"]),
        ("5 < 6 and 7 > 3", ["5 < 6 and 7 > 3"]),
        ("Fish &amp; chips&nbsp;&lt;3", ["Fish & chips\u00a0<3"]),
        ("a <!-- hidden\n\nstill hidden --> b", ["a", "b"]),
        ("<style>\np { color: red }\n</style>\nseen <script>alert('x')</script>", ["seen"]),
        ("```\ncode\n```\nprose", ["prose"]),
        ("---\ntitle: x\n---\nprose", ["prose"]),
        ("Green tea no more than\n80. Let it draw.\n\nAm\n3. Oktober", ["Green tea no more than 80. Let it draw.", "Am 3. Oktober"]),
        ("1984. A year.\n\n80.\n\n3. third\n2. second", ["1984. A year.", "80.", "third", "second"]),
        ("• one\n• two", ["one", "two"]),
        ("See <https://northwind.coffee/sale>, ask <mail@x.com>.", ["See https://northwind.coffee/sale, ask mail@x.com."]),
        ("Of [Tea](https://en.wikipedia.org/wiki/Tea_(drink)) and [a\nlink](<a b> 'c').", ["Of Tea and a link."]),
        ("Of [tea][1], [Coffee], ![a cup](data:image/svg+xml,x).\n\n[1]: https://x.org\n[coffee]: y 'z'", ["Of tea, Coffee, ."]),
        ("It *goes\non* and `a\nb` **_Important:_** \\*Terms\\* \\*\\*apply\\*\\*", ["It goes on and a b Important: *Terms* **apply**"]),
        ("**1. Warm the pot.**\n\n**# 1**", ["1. Warm the pot.", "# 1"]),
        ("**注意：**喝**「茶」**吧", ["注意：喝「茶」吧"]),
        ("One.\n---\nTwo,\nthree\n---\nfour", ["One.", "Two, three", "four"]),
        ("    indented\n    text", ["indented text"]),
        ("Top three teas:\n3. Green,\nso good.\n2. Black.\n1. White.", ["Top three teas:", "Green, so good.", "Black.", "White."]),
        ("Two teas:\n  2) Green.\n  1) Black.\n\nIn\n2. more", ["Two teas:", "Green.", "Black.", "In 2. more"]),
        ("You need:\n\t- a pot\n\t- tea\n\nYou need:\n    1. a pot\n    2. tea", ["You need:", "a pot", "tea"] * 2),
        ("- one\n      - two\n        - three\n- four<br>- five", ["one", "two", "three", "four", "five"]),
        ("> You need:\n> 4. a pot\n> 5. tea\n\n> > it\n> - is", ["You need:", "a pot", "tea", "it", "is"]),
        ("- 1984. A year of change.\n- 3. Oktober ist Feiertag.\n- 80.", ["1984. A year of change.", "3. Oktober ist Feiertag.", "80."]),
        ("• 5. Mai\n\n1. 1984. A year.", ["5. Mai", "1984. A year."]),
        ("- 1. one\n  2. two\n- 1. Warm the pot.\n- 2. Pour.", ["one", "two", "1. Warm the pot.", "2. Pour."]),
        ("![Tea cup](tea cup (1).jpg 'A cup')See [our *menu*](my file.pdf).", ["See our menu."]),
        ("[![Tea cup](tea cup.jpg) menu](my file.pdf) and `[a](b c)` [d](e", ["menu and [a](b c) [d](e"]),
        ("One<o:p></o:p> <a href=http://x.com?a=b>two</a> <st1:City w:st='on'>three</st1:City>", ["One two three"]),
        ('<p class="a"id="b">one</p>two <b, c> <b = 3 and d> <stdio.h>', ["one", "two <b, c> <b = 3 and d> <stdio.h>"]),
        ("*注意：*请喝茶\n\n~~注意：~~请喝茶\n\n喝*“茶”*吧", ["注意：请喝茶", "注意：请喝茶", "喝“茶”吧"]),
        ("**Note:**it is **old\nand “hot”**so (**drink**)", ["Note:it is old and “hot”so (drink)"]),
        ("2*3*4, 2**3**4, 5 * 3, tea*, pot*\n\n4*(5+6)*7", ["2*3*4, 2**3**4, 5 * 3, tea*, pot*", "4*(5+6)*7"]),
        ("snake_case_words and `in_code` stay_", ["snake_case_words and in_code stay_"]),
        ("Tea\n\n| Tea | Time |\n|---|:-:|\n| *Green* | 2 min |\n\nEnd", ["Tea", "Tea Time", "Green 2 min", "End"]),
        ("one  \ntwo\\\nthree", ["one two three"]),
        ("one\r\ntwo\r\n\r\n- three\r\n- four\r\n", ["one two", "three", "four"]),
        ("- Do:\n  ```\n  - x\n  ```\n- ~~~\n  code\n  ~~~\n- it", ["Do:", "it"]),
        ("🍵 Tea.\n🥛 Milk.\n\n🍵", ["🍵 Tea. 🥛 Milk.", "🍵"]),
        ("Plain text (as it is), with [brackets] & signs: 50% + #1!", ["Plain text (as it is), with [brackets] & signs: 50% + #1!"]),
        ("<html><body><h2 id=a>One</h2><ul><li>two</li></ul><p>three<br/>four</p></body></html>", ["One", "two", "three", "four"]),
    ],
)
def test_mark_up_is_taken_off(source: str, expected: list[str]) -> None:
    """What is left of mark-up is the text that a reader would see."""
    assert texts(source) == expected


def test_the_first_heading_is_the_title() -> None:
    """Only a heading before all text is the title."""
    assert paragraphs_of("# *Tea* time #\n\nText.")[0] == "Tea time"
    assert paragraphs_of("Text.\n\n# Tea")[0] == ""


@pytest.mark.parametrize("rule", ["========", "---"])
def test_a_line_underlined_is_a_heading(rule: str) -> None:
    """The first is the title, and no other is said."""
    title, paragraphs = paragraphs_of(f"Why *tea*?\n{rule}\nIt is old.\n\nHow it came\n{rule}\nBy ship.")
    assert (title, [(paragraph.line, paragraph.text) for paragraph in paragraphs]) == ("Why tea?", [(3, "It is old."), (7, "By ship.")])


@pytest.mark.parametrize("rule", ["====", "---"])
@pytest.mark.parametrize(
    "line",
    [
        'He said: "Drink it."',
        "Drink it. 🍵",
        "(As always.)",
        "Tea « is old. »",
        "चाय गरम है।",
        "چائے گرم ہے۔",
        "茶很好喝。」",
        "Tea is *old!*",
        "[Drink it.](https://x.org/tea)",
    ],
)
def test_a_sentence_above_a_rule_is_said(line: str, rule: str) -> None:
    """What ends as sentences that tell do is no heading, whatever quotes, brackets and emoji close it."""
    title, paragraphs = paragraphs_of(f"{line}\n{rule}\nNext.")
    assert (title, [paragraph.line for paragraph in paragraphs]) == ("", [1, 3])


@pytest.mark.parametrize("line", ["Why tea?", 'Why "tea"?', "Is it old.?", "茶？", "Tea 🍵", "चाय गरम है"])
def test_a_question_above_a_rule_is_a_heading(line: str) -> None:
    """So is what ends without a mark; a rule above it too changes nothing."""
    assert paragraphs_of(f"{line}\n====\nNext.")[0] == paragraphs_of(f"====\n{line}\n====\nNext.")[0] == line


def test_terms_above_a_rule_are_no_heading() -> None:
    """They belong to the paragraph above."""
    paragraphs = paragraphs_of("One.\n\n[terms: a, b]\n---\nTwo.")[1]
    assert [(paragraph.text, paragraph.terms) for paragraph in paragraphs] == [("One.", ("a", "b")), ("Two.", None)]


def test_terms_belong_to_the_paragraph_above() -> None:
    """A terms line may follow its paragraph at once or after an empty line, and ends it."""
    for gap in ("\n", "\n\n"):
        paragraphs = paragraphs_of(f"One.{gap}[Terms: a cup ,  steam]\nTwo.")[1]
        assert [(paragraph.text, paragraph.terms) for paragraph in paragraphs] == [("One.", ("a cup", "steam")), ("Two.", None)]


def test_lines_are_counted_over_what_is_left_out() -> None:
    """A paragraph knows its line also below comments, code and front matter."""
    paragraphs = paragraphs_of("---\na: b\n---\n<!-- x\ny -->\n```\ncode\n```\nHere.\n\nThere.")[1]
    assert [(paragraph.line, paragraph.text) for paragraph in paragraphs] == [(9, "Here."), (11, "There.")]


@pytest.mark.parametrize(
    "piece",
    [
        "*a ",
        "![",
        "[",
        "#",
        "<",
        "<!--",
        "<script",
        "_",
        "- ",
        "`",
        "[terms:",
        "> ",
        "a*",
        "\\",
        "&",
        "<a ",
        "```\n",
        "[a](",
        "- a\n",
        "<br>",
        "*",
        "**注：",
        "![a](b c ",
        "<a b=",
        "2. a\n1. b\n",
        "a\n\t- b\n",
        "|a|\n|-|\n",
        "tea ",
        ".",
    ],
)
def test_no_file_makes_reading_slow(piece: str) -> None:
    """Openings without an end are read in time that grows with the file, not with its square."""
    started = time.process_time()
    paragraphs_of(piece * (100_000 // len(piece)))
    assert time.process_time() - started < 10
