"""Doctor with services: each one that a brand names is tried by a real call, and what is missing is said."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reelkit.brand import load_brand
from reelkit.cli import main
from reelkit.errors import ServiceError
from reelkit.parts import Parts
from reelkit.services.openai_client import check_server
from reelkit.services.pexels import PexelsSite
from reelkit.services.pixabay import PixabaySite
from reelkit.services.stock_site import StockSite
from tests.services import stock_server as stock
from tests.services.servers import Reply, closed_port, drips, drips_headers, endless, gives, refuses, resets, serving
from tests.services.supabase_server import KEY as SUPABASE_KEY
from tests.services.supabase_server import Supabase
from tests.services.voices import JOE

KEY = "sk-planted-0123456789abcdef"
TEMPLATES = Path(__file__).parents[1] / "templates"
MODELS = json.dumps({"object": "list", "data": [{"id": "tiny", "object": "model"}, {"id": "other:latest", "object": "model"}]})


@pytest.fixture
def brand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A studio with one brand, to change."""
    for kind in ("decks", "prompts", "styles", "logos"):
        shutil.copytree(TEMPLATES / kind, tmp_path / "templates" / kind)
    (tmp_path / "templates" / "brands").mkdir()
    path = tmp_path / "templates" / "brands" / "northwind.yaml"
    shutil.copy(TEMPLATES / "brands" / "northwind.yaml", path)
    monkeypatch.setenv("REELKIT_TEMPLATES", str(tmp_path / "templates"))
    monkeypatch.setenv("REELKIT_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.delenv("REELKIT_CACHE", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return path


@pytest.fixture
def no_keys(brand: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same studio, with no key in the environment nor in a ``.env``."""
    for name in ("OPENAI_API_KEY", "PEXELS_API_KEY", "SUPABASE_URL", "SUPABASE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def change(path: Path, **groups: dict[str, object]) -> None:
    yaml = YAML()
    written = yaml.load(path.read_text())
    for group, fields in groups.items():
        written.setdefault(group, {}).update(fields)
    with path.open("w") as file:
        yaml.dump(written, file)


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[bool, str]]:
    code = main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)
    assert code == (0 if all(check["well"] for check in checks) else 1)
    return {check["name"]: (check["well"], check["told"]) for check in checks}


def test_services_that_a_brand_names_are_tried(brand: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Writer, voice and store of a brand answer: each is asked once, by a call that costs nothing, and says what it has."""
    with serving(gives(MODELS)) as server, Supabase() as supabase:
        monkeypatch.setenv("SUPABASE_URL", supabase.url)
        monkeypatch.setenv("SUPABASE_KEY", SUPABASE_KEY)
        openai = {"base_url": f"{server.url}/v1", "model": "tiny"}
        change(brand, script={"writer": "openai", **openai}, voice={"engine": "openai", "name": "alloy", **openai})
        change(brand, publishing={"store": "supabase", "bucket": "reels"})
        found = told(capsys)
        assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/v1/models")] * 2
        assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert found["northwind: writer"] == (True, f"{server.url.removeprefix('http://')} answers, and has the model 'tiny'")
    assert found["northwind: voice"] == (True, f"{server.url.removeprefix('http://')} answers, and has the model 'tiny'")
    assert found["northwind: store"] == (True, "Supabase has the bucket 'reels', which is public, and takes the key")


@pytest.mark.usefixtures("no_keys")
def test_what_is_missing_is_explained(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No key, no model, nobody there, no such voice: one line each that says what to do, and no traceback."""
    change(brand, script={"writer": "openai"}, footage={"libraries": ["pexels", "backdrops"]}, publishing={"store": "supabase"})
    change(brand, voice={"engine": "piper", "name": "nobody"})
    found = told(capsys)
    assert not any(well for name, (well, _) in found.items() if ":" in name or name == "pexels")
    assert "there is no OPENAI_API_KEY; set it, or put it into .env" in found["northwind: writer"][1]
    assert "PEXELS_API_KEY is not set; set it in the environment or in .env" in found["pexels"][1]
    assert "there is no SUPABASE_URL and SUPABASE_KEY" in found["northwind: store"][1]
    assert "there is no such voice of Piper's" in found["northwind: voice"][1]


@pytest.mark.usefixtures("no_keys")
def test_a_logo_whose_letters_are_not_here_is_told(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text of a logo in a family that is not here is drawn in another: the brands' line says so, and all is well."""
    logo = brand.parent / "acme.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text y="8" font-family="Futura">A</text></svg>')
    brand.write_text(re.sub("(?m)^logo:.*$", "logo: acme.svg", brand.read_text()))
    well, line = told(capsys)["brands"]
    assert well and "northwind: logo acme.svg: its text asks for 'Futura', which is not here; drawn in Inter; convert text to paths" in line


@pytest.mark.usefixtures("no_keys")
def test_each_line_names_its_service_once(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two brands that name the same services share a line each, which stands behind their names and says nothing of them again."""
    change(
        brand, script={"writer": "openai"}, footage={"libraries": ["pexels", "backdrops"]}, publishing={"store": "supabase", "bucket": "b"}
    )
    brand.write_text(brand.read_text() + "ledger: supabase\n")
    (brand.parent / "southwind.yaml").write_text(brand.read_text().replace("slug: northwind", "slug: southwind"))
    assert main(["doctor"]) == 1
    lines = dict(re.split("  +", line[6:], maxsplit=1) for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL"))
    assert set(lines) == {"northwind, southwind: writer", "northwind, southwind: store", "northwind, southwind: ledger", "pexels"}
    begins = ("script.writer is openai", "publishing.store is supabase", "ledger is supabase", "PEXELS_API_KEY is not set")
    assert all(line.startswith(begins) for line in lines.values())


def test_a_voice_of_ones_own_is_tried(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A Piper voice that is there is ready; in a language that it does not speak it is not."""
    change(brand, voice={"engine": "piper", "name": JOE})
    assert told(capsys)["northwind: voice"] == (True, f"piper is ready: '{JOE}' in 'en'")
    parts = Parts(load_brand("northwind").with_changes({"language": "de"}), outputs=brand.parent)
    ((_, work),) = parts.checks()
    with pytest.raises(Exception, match="language is 'de'; Piper's voice"):
        work()


FAULTS: dict[str, tuple[Reply, str | None]] = {
    "reset": (resets(MODELS), "cannot be reached, or broke off, also when asked 2 times; check the network and script.base_url"),
    "slow drip": (drips, "did not answer within 0.6 s"),
    "slow headers": (drips_headers, "did not answer within 0.6 s"),
    "401": (refuses(401, f"Incorrect API key provided: {KEY}"), "refused the key (401); check the key"),
    "403": (refuses(403, f"{KEY} may not"), "forbade it (403)"),
    "404": (refuses(404, "no such path"), "(404): 'no such path'; check the address"),
    "408": (refuses(408, "slow"), "gave up waiting for the request (408)"),
    "409": (refuses(409, "busy"), "is busy with the same thing (409)"),
    "413": (refuses(413, "large"), "found the request too large (413)"),
    "429 with Retry-After": (refuses(429, "later", headers={"retry-after": "3600"}), "asks to wait 3600 s"),
    "429": (refuses(429, "slow down"), "is being asked too often (429)"),
    "500": (refuses(500, "oops"), "failed (500)"),
    "503": (gives(f"<h1>{KEY}</h1>", status=503, kind="text/html"), "is not available (503), also when asked 2 times"),
    "HTML for JSON": (gives("<html>Log in</html>", kind="text/html"), "answered with no list of models"),
    "truncated JSON": (gives(MODELS[:-20]), "answered with no list of models"),
    "wrong shape": (gives('{"data": {"id": 1}}'), "answered with no list of models"),
    "wrong content type": (gives(MODELS, kind="text/plain"), None),
    "endless body": (endless(), "sent more than 4 MB for an answer"),
    "another model": (gives(MODELS.replace("tiny", "huge")), "has no model 'tiny' for this key; it has huge, other:latest, for example"),
    "no models": (gives('{"data": []}'), None),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_server_that_answers_badly_is_one_line(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each fault is one line, soon, without the key; a server that says too little of itself is taken."""
    reply, line = FAULTS[name]
    began = time.monotonic()
    with serving(reply) as server:
        how = {"base_url": f"{server.url}/v1", "key": KEY, "model": "tiny", "field": "script.base_url", "hints": {}}
        how |= {"call_s": 0.6 if name.startswith("slow") else 15.0, "sleep": lambda seconds: None}
        if line is None:
            assert "127.0.0.1" in check_server(**how)  # type: ignore[arg-type]
            return
        with pytest.raises(ServiceError) as caught:
            check_server(**how)  # type: ignore[arg-type]
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value) + caplog.text
    assert time.monotonic() - began < 20


def test_nobody_there_is_one_line() -> None:
    """Where nobody listens, the line says so."""
    with pytest.raises(ServiceError, match=r"is not there \(connection refused\).*start the server, or check voice\.base_url"):
        check_server(
            base_url=f"http://127.0.0.1:{closed_port()}/v1",
            key=None,
            model="x",
            field="voice.base_url",
            hints={},
            sleep=lambda seconds: None,
        )


@pytest.mark.parametrize("site", (PexelsSite(), PixabaySite()), ids=lambda site: site.name)
def test_stock_sites_are_asked_once(tmp_path: Path, site: StockSite) -> None:
    """One question, which counts against the limits, and no file; a refused key and a site that fails are one line."""
    with stock.stock_server(stock.Video(1, "coffee cup")) as server:
        assert stock.library_of(site, server, tmp_path).check() == f"{site.name} answers, and takes the key; it found 1 video of 'coffee'"
        assert (len(server.questions), server.downloads) == (1, [])
        for fault, line in ((stock.status(503), "is not available (503)"), (stock.page, "answered with a web page")):
            server.answer_faults, server.always = [fault], True
            with pytest.raises(ServiceError, match=f"{site.name} .*") as caught:
                stock.library_of(site, server, tmp_path).check()
            assert line in str(caught.value)
            assert stock.KEY not in str(caught.value)


def test_a_voice_or_a_music_that_cannot_be_had_is_told_of(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A built-in voice that there is not, and a music file that is no sound, are lines of their brand; two that are there say so."""
    assert told(capsys)["northwind: voice"] == (True, "hibari is ready: 'heart' in 'en'")
    change(brand, voice={"name": "bogus"}, music={"file": "../logos/northwind.svg"})
    found = told(capsys)
    assert not found["northwind: voice"][0]
    assert "'bogus'" in found["northwind: voice"][1]
    assert not found["northwind: music"][0]
    assert "northwind.svg" in found["northwind: music"][1]
