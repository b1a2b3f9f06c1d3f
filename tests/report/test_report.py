"""A report: one page that runs nothing, asks no network, and shows what the notebook showed."""

from __future__ import annotations

import base64
import io
import re
import time
from pathlib import Path
from typing import Any

import av
import nbformat
import pytest

from reelkit.errors import RunError
from reelkit.report import write_report
from reelkit.report.cells import face, prose, view_name
from reelkit.report.places import without_places
from reelkit.report.sections import shown_cells
from reelkit.runs.manifest import Manifest, RunJob, StepRecord, write_manifest
from reelkit.views.markup import data_uri, style_element
from reelkit.views.step_lines import STEP_MIME
from tests.report.notebook import execute, make_reel
from tests.views import samples
from tests.views.parsed import Parsed

PAGE_META = {"http-equiv", "charset", "name"}


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return execute(tmp_path_factory.mktemp("run"), more=("print('a <i>b</i>')\nraise ValueError('<b>no</b>')",))


def _book(path: Path, *cells: Any) -> Path:
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def _code(*outputs: Any, source: str = "pass", tags: tuple[str, ...] = ()) -> Any:
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), execution_count=1, metadata={"tags": list(tags)})


def _shown(data: dict[str, str], **metadata: Any) -> Any:
    return nbformat.v4.new_output("display_data", data=data, metadata=metadata)


def _view(name: str, html: str) -> Any:
    return _shown({"text/html": html, "text/plain": "x"}, reelkit={"view": name})


def test_a_report_is_one_small_page_that_names_no_other(executed: Path, tmp_path: Path) -> None:
    """Under 3 MB, nothing but data and credits' links in its addresses, and a policy under which nothing runs or is asked for."""
    out = write_report(executed, tmp_path / "report.html", title="Why coffee blooms", palette=samples.PALETTE)
    page = Parsed(out.read_text(encoding="utf-8").partition(">")[2])
    assert out.stat().st_size < 3_000_000
    assert not [tag for tag, _ in page.elements if tag in ("script", "iframe", "object", "embed", "form", "base")]
    assert {address.partition(":")[0] for address in page.addresses() if not address.startswith("#")} == {"data", "https"}
    assert {attrs["href"] for attrs in page.all("a") if not str(attrs["href"]).startswith("#")} == {"https://example.org/a"}
    policy = next(attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy")
    assert str(policy).startswith("default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline';")
    assert (page.all("html")[0]["lang"], len(page.all("main")), len(page.all("h1"))) == ("en", 1, 1)


def test_a_report_carries_the_views_style_once(executed: Path, tmp_path: Path) -> None:
    """However many views it shows, the stylesheet stands in its head alone."""
    html = write_report(executed, tmp_path / "report.html").read_text(encoding="utf-8")
    assert html.count(style_element()) == 1
    assert html.index(style_element()) < html.index("</head>")
    assert html.count("<style") == 2


def test_the_reel_comes_first(executed: Path, tmp_path: Path) -> None:
    """The player stands before the prose, once; the run's card comes last, folded, and so does the code."""
    html = write_report(executed, tmp_path / "report.html").read_text(encoding="utf-8")
    assert html.count("<video") == 1
    assert html.index("<video") < html.index('<h2 id="brand">') < html.index('<h2 id="script">') < html.index('<h2 id="made">')
    assert html.index('<h2 id="made">') < html.index('<details class="part"><summary>The run</summary><div class="rk rk-run')
    assert html.count('<details class="part">') == 2
    assert html.rindex('<details class="part">') == html.index('<details class="part"><summary>Code</summary>')


def test_headings_become_a_contents_list(executed: Path, tmp_path: Path) -> None:
    """Each second-level heading is reachable from the top; the cell with the notebook's own title is left out."""
    html = write_report(executed, tmp_path / "report.html", title="A title").read_text(encoding="utf-8")
    for name in ("brand", "script", "voice", "footage", "findings"):
        assert f'<li><a href="#{name}">' in html
        assert f'<h2 id="{name}">' in html
    assert "A notebook" not in html
    assert "It is left out" not in html
    assert "<h1>A title</h1>" in html


def test_prose_output_and_errors_show_as_text(executed: Path, tmp_path: Path) -> None:
    """HTML in Markdown, in what is printed, and in an error's message is read, not obeyed; the error is plain to see."""
    html = write_report(executed, tmp_path / "report.html").read_text(encoding="utf-8")
    text = Parsed(html.partition(">")[2]).text
    for shown in ("<script>alert('prose')</script>", "rendering <b>now</b>", "a <i>b</i>"):
        assert shown in text
    assert '<span class="name">ValueError</span> &lt;b&gt;no&lt;/b&gt;' in html
    assert "\x1b" not in html


def test_the_same_notebook_gives_the_same_page(executed: Path, tmp_path: Path) -> None:
    """A page depends on the notebook alone: no clock, no random ids."""
    first, second = (write_report(executed, tmp_path / f"{n}.html", title="A").read_bytes() for n in range(2))
    assert first == second


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<script>alert(1)</script>"},
        {"image/svg+xml": "<svg onload='alert(1)'/>"},
        {"application/javascript": "alert(1)"},
        {"application/vnd.jupyter.widget-view+json": "{}"},
        {"image/png": '"><script>alert(1)</script>'},
        {"text/markdown": "<script>alert(1)</script> [a](javascript:alert(1)) ![b](http://example.org/b.png)"},
        {"text/latex": "<script>alert(1)</script>"},
    ],
)
def test_only_our_views_html_is_taken(data: dict[str, str], tmp_path: Path) -> None:
    """HTML, drawings, script, widgets and false pictures of others leave no element that runs or loads."""
    page = Parsed(str(face(_shown({**data, "text/plain": "<plain>"}), name="a")))
    assert page.scripted() == [] or page.scripted() == ["#harmful-link"]
    assert not page.all("img")
    forged = _shown({**data, "text/plain": "<plain>"}, reelkit="view")
    assert view_name(forged) is None


def test_pictures_are_embedded_with_a_text(tmp_path: Path) -> None:
    """A PNG output is shown with its own alternative text, or the cell's name."""
    picture = {"image/png": "iVBORw0KGgo=\n"}
    assert Parsed(str(face(_shown(picture), name="Output of cell 3"))).all("img") == [
        {"class": "picture", "alt": "Output of cell 3", "src": "data:image/png;base64,iVBORw0KGgo="}
    ]
    assert Parsed(str(face(_shown(picture, **{"image/png": {"alt": 'a "b"'}}), name="x"))).all("img")[0]["alt"] == 'a "b"'


def test_terminal_output_is_shown_as_a_terminal_leaves_it() -> None:
    """Colour codes go, of a rewritten line the last state stays, and what is endless is cut with a word about it."""
    stream = nbformat.v4.new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m\n10%\r50%\r100%\r\ndone\n")
    assert Parsed(str(face(stream, name="a"))).text == "red\n100%\ndone"
    long = nbformat.v4.new_output("stream", name="stdout", text="x" * 30_000)
    assert Parsed(str(face(long, name="a"))).text.endswith("… 10,000 more characters")
    assert face(nbformat.v4.new_output("stream", name="stdout", text="\n"), name="a") == ""


def test_headings_have_ids_of_their_own() -> None:
    """Two headings of one text get two ids; a first-level one becomes a second-level one; prices are no formulas."""
    taken: dict[str, str] = {}
    html = prose("# Cost & time\n\n## Cost & time\n\n### Detail\n\nFrom $3.2 to *$5* a `cup`", taken)
    assert '<h2 id="cost-time">Cost &amp; time</h2>' in html
    assert '<h2 id="cost-time-2">' in html
    assert '<h3 id="detail">' in html
    assert "From $3.2 to <em>$5</em> a <code>cup</code>" in html
    assert list(taken) == ["cost-time", "cost-time-2"]


def test_tags_leave_out_cells_and_code(tmp_path: Path) -> None:
    """``remove-cell`` leaves out a cell, ``remove-input`` its code; other code is folded."""
    out = nbformat.v4.new_output("stream", name="stdout", text="kept output")
    book = _book(
        tmp_path / "a.ipynb",
        _code(out, source="secret = 1", tags=("remove-input",)),
        _code(source="gone = 2", tags=("remove-cell",)),
        _code(source="x = 3"),
    )
    text = Parsed(write_report(book, tmp_path / "a.html").read_text(encoding="utf-8").partition(">")[2]).text
    assert "kept output" in text
    assert "secret" not in text
    assert "gone" not in text
    assert "x = 3" in text


def _prose(text: str, *tags: str) -> Any:
    return nbformat.v4.new_markdown_cell(text, metadata={"tags": list(tags)})


def test_what_a_client_does_not_look_for_is_folded_at_the_end(tmp_path: Path) -> None:
    """Tagged sections come folded after the others, without one that shows nothing; what speaks to the notebook's user is not there."""
    step = _shown({"text/plain": "voice: 30 s", STEP_MIME: "{}"})
    book = _book(
        tmp_path / "a.ipynb",
        _prose("# A notebook"),
        _prose("## Voice\n\nWho speaks.", "report-fold"),
        _prose("Drag a word where you hear it better.", "notebook-only"),
        _code(step, _view("narration", "<div>heard</div>"), source="speak()"),
        _prose("## Publish", "report-fold"),
        _prose("Set `upload = True` above.", "notebook-only"),
        _code(source="upload()"),
        _prose("## Check"),
        _code(_view("findings", "<div>found</div>")),
    )
    html = write_report(book, tmp_path / "a.html").read_text(encoding="utf-8")
    voice = '<details class="part"><summary>Voice</summary><div class="prose"><p>Who speaks.</p>\n</div><div>heard</div></details>'
    assert html.index('<h2 id="check">') < html.index("<div>found</div>") < html.index(voice)
    assert "Drag a word" not in html and "upload = True" not in html and "Publish</summary>" not in html
    assert html.index(voice) < html.index("<summary>Code</summary>") < html.index("voice: 30 s")
    assert re.findall(r'<li><a href="#(.+?)">', html) == ["check", "made"]


def test_a_section_that_failed_is_not_folded(tmp_path: Path) -> None:
    """What went wrong is read where it went wrong."""
    error = nbformat.v4.new_output("error", ename="VoiceError", evalue="it cannot speak", traceback=[])
    book = _book(tmp_path / "a.ipynb", _prose("## Voice", "report-fold"), _code(error))
    html = write_report(book, tmp_path / "a.html").read_text(encoding="utf-8")
    assert html.index('<h2 id="voice">') < html.index("it cannot speak") < html.index('<h2 id="made">')


def test_a_notebook_s_words_to_its_user_stay_there(tmp_path: Path) -> None:
    """No sentence of the reel's notebook that a report shows speaks of the notebook, of what to click or of what to set."""
    cells = nbformat.read(Path(__file__).parents[2] / "notebooks" / "reel.ipynb", as_version=4).cells
    shown = [cell.source for cell in shown_cells(cells)[1:] if cell.cell_type == "markdown"]
    assert len(shown) >= 8
    assert not re.search(r"notebook|click|drag|\bset\b|`", " ".join(shown), re.I)


def test_a_run_gives_its_page_card_title_and_description(tmp_path: Path) -> None:
    """With a run's folder the card is the manifest's of now, not the notebook's of then; a failed run says where and why."""
    manifest = Manifest(
        run_id="0007-abc",
        brand="northwind",
        job=RunJob(brand="northwind", topic_seed=7),
        decided_by={},
        versions={"reelkit": "0.1.0"},
        state="failed",
        step="voice",
        reason="brand 'northwind': <voice> cannot speak",
        steps=(StepRecord(name="script", seconds=0.2, told="6 scenes"),),
        facts={"topic": "Why <coffee> blooms"},
        started_at="2025-11-04T08:30:00+00:00",
    )
    write_manifest(tmp_path, manifest)
    book = _book(tmp_path / "reel.ipynb", _code(_view("run", "<div>then</div>")))
    html = write_report(book, tmp_path / "report.html", run=tmp_path).read_text(encoding="utf-8")
    assert "<title>Why &lt;coffee&gt; blooms</title>" in html
    assert "then" not in html
    assert "failed at step voice: brand &#39;northwind&#39;: &lt;voice&gt; cannot speak" in html
    assert '<details class="part" open><summary>The run</summary>' in html
    assert "Run 0007-abc" in html


def test_a_run_s_page_says_the_brand_and_the_verdict(tmp_path: Path) -> None:
    """The description has the brand's name, not its slug; one line says which checks do not hold."""
    findings = [finding for finding in samples.findings() if finding.verdict != "fail"]
    manifest = Manifest.model_validate(samples.manifest() | {"decided_by": {}, "findings": findings})
    write_manifest(tmp_path, manifest)
    book = _book(tmp_path / "reel.ipynb", _code())
    out = write_report(book, tmp_path / "report.html", run=tmp_path, brand="Northwind Coffee")
    html = out.read_text(encoding="utf-8")
    assert "<p>A reel of Northwind Coffee, 30 seconds long</p>" in html
    assert "3 of 4 checks hold1 warned: cut pace" in Parsed(html.partition(">")[2]).text
    write_manifest(tmp_path, manifest.model_copy(update={"findings": tuple(finding for finding in findings if finding.holds)}))
    assert "All 3 checks hold" in write_report(book, out, run=tmp_path).read_text(encoding="utf-8")


def test_a_page_that_is_too_large_is_refused_with_what_weighs_most(tmp_path: Path) -> None:
    """The line names the heaviest parts, and no page is left."""
    book = _book(tmp_path / "a.ipynb", _code(_view("player", "x" * 2_000_000)), _code(_view("frames", "y" * 1_500_000)), _code())
    with pytest.raises(
        RunError, match=r"would be 3\.5 MB; it must be at most 3\.0 MB: show less or smaller of player 2\.0 MB, frames 1\.5 MB"
    ):
        write_report(book, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A file where its folder should be is told with the place and what to do."""
    (tmp_path / "pages").write_text("in the way")
    book = _book(tmp_path / "a.ipynb", _code())
    with pytest.raises(RunError, match=r"^report: \S+pages cannot be written: .+; name a folder that can be$"):
        write_report(book, tmp_path / "pages" / "report.html")


@pytest.mark.parametrize("content", [None, "", "{}", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "<html>"])
def test_what_is_no_notebook_is_refused_in_one_line(content: str | None, tmp_path: Path) -> None:
    """A missing, empty or other file gives one line with its name."""
    path = tmp_path / "reel.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RunError, match=r"reel\.ipynb") as caught:
        write_report(path, tmp_path / "report.html")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "report.html").exists()


def test_a_heavy_page_is_made_lighter_until_it_fits(executed: Path, tmp_path: Path) -> None:
    """First its pictures, then its preview and sound; the reel plays for as long as it can, and what is left out is told."""
    whole = write_report(executed, tmp_path / "whole.html").read_text(encoding="utf-8")
    whole_bytes = len(whole.encode())
    seen = []
    for share in (1.0, 0.995, 0.4):
        html = write_report(executed, tmp_path / "page.html", max_bytes=int(whole_bytes * share)).read_text(encoding="utf-8")
        assert len(html.encode()) <= whole_bytes * share
        seen.append((html == whole, html.count("<video"), html.count("<audio"), html.count("<img") == whole.count("<img")))
    assert seen == [(True, 1, 1, True), (False, 1, 1, True), (False, 1, 0, False)]
    assert "The narration's sound is left out" in html
    assert "The picture is left out" in html


def test_a_preview_is_made_smaller_in_a_page_that_is_too_heavy(tmp_path: Path) -> None:
    """A page of 3 MB holds a preview of more, as a smaller one that plays; what is no video is left as it is."""
    shots = [make_reel(tmp_path / "reel.mp4", seconds=40, width_px=360, height_px=640).read_bytes(), b"none" * 200_000]
    shown = "".join(f'<video><source src="{data_uri("video/mp4", shot)}" type="video/mp4"></video>' for shot in shots)
    book = _book(tmp_path / "a.ipynb", _code(_view("player", shown)))
    html = write_report(book, tmp_path / "report.html", max_bytes=2_300_000).read_text(encoding="utf-8")
    small, other = (base64.b64decode(found) for found in re.findall(r'src="data:video/mp4;base64,([^"]*)"', html))
    assert len(small) <= 750_000 < len(shots[0])
    assert other == shots[1]
    with av.open(io.BytesIO(small)) as preview:
        assert float((preview.duration or 0) / av.time_base) == pytest.approx(40, abs=0.2)


def test_a_page_does_not_tell_where_it_was_made(executed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither code, commands, reasons, addresses nor tracebacks name a folder of the maker's machine, however it is written."""
    home = tmp_path / "Anna & Søn's"
    studio = home / "our studio"
    run = studio / "outputs" / "x" / "0001-abc"
    run.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    job = RunJob(brand=str(studio / "own" / "acme.yaml"), topic_seed=1, script=home / "words.md", overrides={"logo": f"{home}/logo.png"})
    url = (studio / "outputs" / "published" / "acme.mp4").as_uri()
    told = Manifest.model_validate(
        {
            **{"run_id": "0001-abc", "brand": "x", "job": job, "decided_by": {}, "versions": {}, "state": "failed", "step": "voice"},
            **{"reason": f"no voice ({run / 'reel.ipynb'})", "started_at": "2025-11-01T08:30:00+00:00"},
            **{"facts": {"topic": "A"}, "published": {"url": url, "bytes": 1, "etag": "x"}},
        }
    )
    write_manifest(run, told)
    source = f'outputs = "{studio / "outputs"}"\nscript_file = "{home / "words.md"}"\nelsewhere = "/srv{home}/a", "{home}2/b", "{home}"'
    error = nbformat.v4.new_output("error", ename="E", evalue="no", traceback=[f"File {studio}/notes.py:12"])
    html = write_report(_book(tmp_path / "a.ipynb", _code(error, source=source)), run / "report.html", run=run).read_text(encoding="utf-8")
    text = Parsed(html.partition(">")[2]).text
    for shown in ('outputs = "outputs"', 'script_file = "~/words.md"', f'elsewhere = "/srv{home}/a", "{home}2/b", "~"', "File notes.py:12"):
        assert shown in text
    assert "reelkit make --brand own/acme.yaml --seed 1 --script ~/words.md --set logo=~/logo.png" in text.replace("'", "")
    assert 'content="A run of x that failed at step voice: no voice (outputs/x/0001-abc/reel.ipynb)"' in html
    assert ">outputs/published/acme.mp4<" in html
    assert html.count("our studio") == html.count("our%20studio") == 0


def test_places_are_taken_out_of_a_large_page_at_once() -> None:
    """Of embedded pictures nothing is changed, and tens of MB take no time to speak of."""
    page = f'<img src="{data_uri("image/jpeg", bytes(range(256)) * 100_000)}"><code>{Path.home()}/a</code>'
    began = time.process_time()
    assert without_places(page) == page.replace(f"<code>{Path.home()}", "<code>~")
    assert time.process_time() - began < 5.0


def test_a_studio_in_a_folder_named_like_a_tag_keeps_the_page_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends an element is no path."""
    monkeypatch.setenv("HOME", "/code")
    assert without_places("<code>/code/a, /code</code>") == "<code>~/a, ~</code>"
