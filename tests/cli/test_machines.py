"""What each command answers a machine: JSON and nothing else on standard output, and an exit code that means something."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.conftest import Studio
from tests.processes import gone
from tests.services.servers import refuses, serving

BATCH = ("batch", "--brands", "bix", "--keep-free-gb", "0")


@pytest.fixture(scope="module")
def made(studio: Studio) -> dict[str, Any]:
    """A reel, made by the command."""
    told: dict[str, Any] = studio.asked("make", "--brand", "ada", "--upload")
    return told


def test_make_answers_with_the_reel(studio: Studio, made: dict[str, Any]) -> None:
    """`make --json` names reel, report and address; asked again it says that all is there, and its steps are told elsewhere."""
    assert made["success"]
    assert not made["reused"]
    assert all(Path(made[name]).exists() for name in ("video_path", "report_path", "run_dir"))
    assert made["public_url"].startswith("file://")
    assert {finding["verdict"] for finding in made["findings"]} <= {"pass", "warn"}
    again = studio.run("make", "--brand", "ada", "--upload", "--json")
    assert (again.returncode, json.loads(again.stdout)["reused"], again.stderr) == (0, True, "")


def test_make_that_fails_says_so_on_both(studio: Studio) -> None:
    """A step that fails gives 1, and the reason in the answer; what cannot begin gives 2."""
    with serving(refuses(401, "who are you")) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "sk-made-up-0123456789")
        told = studio.asked("make", "--brand", "ada", "--set", "script.writer=openai", "--set", f"script.base_url={server.url}/v1", code=1)
    assert not told["success"]
    assert "refused the key (401)" in told["error"]
    assert Path(told["run_dir"]).is_dir()
    wrong = studio.run("make", "--brand", "adda", "--json")
    assert (wrong.returncode, json.loads(wrong.stdout)["success"]) == (2, False)
    assert "did you mean 'ada'?" in json.loads(wrong.stdout)["error"]


def test_report_answers_with_its_page_or_its_links(studio: Studio, made: dict[str, Any]) -> None:
    """`report --json` names the page, of a run, of many, as a folder; published, the addresses."""
    assert studio.asked("report", made["run_dir"]) == {"report_path": made["report_path"], "public_urls": []}
    assert studio.asked("report", "outputs")["report_path"] == str(studio.outputs / "index.html")
    folder = studio.asked("report", made["run_dir"], "--folder", "handed")
    assert Path(folder["report_path"]).parent == studio.folder / "handed"
    published = studio.asked("report", made["run_dir"], "--publish")
    assert published["report_path"] is None
    assert [url.partition(":")[0] for url in published["public_urls"]] == ["file"]
    nowhere = studio.run("report", "nowhere", "--json")
    assert (nowhere.returncode, nowhere.stdout) == (2, "")
    assert nowhere.stderr.count("\n") == 1


def test_brands_and_doctor_answer_with_what_is_wrong(studio: Studio) -> None:
    """`brands --json` gives each brand's problems, `doctor --json` each check; a problem gives 1."""
    assert studio.asked("brands") == studio.asked("brands", "list") == {"ada": [], "bix": [], "cleo": []}
    assert studio.asked("brands", "schema")["title"] == "Reelkit brand"
    assert all(check["well"] for check in studio.asked("doctor"))
    wrong = studio.folder / "templates" / "brands" / "wrong.yaml"
    wrong.write_text("name: Wrong\nslug: wrong\nscript: {deck: ada}\nvoice: {sped: 2}\n")
    try:
        assert "voice.sped is not a field" in " ".join(studio.asked("brands", code=1)["wrong"])
        unwell = [check["name"] for check in studio.asked("doctor", code=1) if not check["well"]]
        assert unwell == ["brands"]
    finally:
        wrong.unlink()


def test_clean_answers_with_what_went(studio: Studio, made: dict[str, Any]) -> None:
    """`clean --json` counts files and bytes, and the cache is as small as it says."""
    kept = sum(path.stat().st_size for path in (studio.folder / "cache").rglob("*") if path.is_file())
    assert kept > 0
    told = studio.asked("clean", "--keep-gb", "0")
    assert told["freed_bytes"] > 0
    assert told["kept_bytes"] == 0
    assert set(told) == {"left_over_files", "freed_bytes", "kept_bytes"}


def test_init_answers_with_the_brand(studio: Studio) -> None:
    """`init --json` names folder, brand and file; a second brand of that name is refused with 2."""
    told = studio.asked("init", "mine", "--name", "Acme Tea")
    assert told["brand"] == "acme-tea"
    assert Path(told["file"]).is_file()
    again = studio.run("init", "mine", "--name", "Acme Tea", "--json")
    assert (again.returncode, again.stdout) == (2, "")


def test_lab_answers_with_its_address(studio: Studio) -> None:
    """`lab --json` starts no browser and says one line when the server listens: the address opens; SIGTERM ends both with 130. What
    stands after `--` is told to the server."""
    env = {"JUPYTER_RUNTIME_DIR": str(studio.folder / "runtime"), "JUPYTER_CONFIG_DIR": str(studio.folder / "jupyter")}
    with studio.start("lab", "--json", "--", "--allow-root", "--ServerApp.port=0", "--ServerApp.base_url=/mine/", env=env) as lab:
        assert lab.stdout is not None
        told = json.loads(lab.stdout.readline())
        with urllib.request.urlopen(told["url"], timeout=60) as answer:
            assert b"JupyterLab" in answer.read()
        assert f":{told['port']}/mine/" in told["url"]
        # It asks nobody whether they would like news.
        asked = told["url"].replace("/lab?", "/lab/api/settings/@jupyterlab/apputils-extension:notification?")
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert json.load(answer)["schema"]["properties"]["fetchNews"]["default"] == "false"
        lab.send_signal(signal.SIGTERM)
        rest, err = lab.communicate(timeout=60)
    assert (lab.returncode, rest) == (130, "")
    assert err.strip().splitlines()[-1].startswith("reelkit: interrupted")
    assert not psutil.pid_exists(told["pid"])


def test_lab_answers_with_the_address_of_an_app(studio: Studio) -> None:
    """`lab --app NAME --json` starts no browser either and says one line when the server listens: the page opens; SIGTERM ends both."""
    with studio.start("lab", "--app", "batch", "--json", env={"JUPYTER_RUNTIME_DIR": str(studio.folder / "app-runtime")}) as lab:
        assert lab.stdout is not None
        told = json.loads(lab.stdout.readline())
        assert set(told) == {"url", "port", "pid"}
        with urllib.request.urlopen(told["url"], timeout=120) as answer:
            assert b"reelkit" in answer.read()
        lab.send_signal(signal.SIGTERM)
        rest, err = lab.communicate(timeout=60)
    assert (lab.returncode, rest) == (130, "")
    assert err.strip().splitlines()[-1].startswith("reelkit: interrupted")
    assert not psutil.pid_exists(told["pid"])


def until(holds: Callable[[], object], *, limit_s: float = 200) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_make_ends_with_130(studio: Studio, sign: signal.Signals) -> None:
    """Ctrl-C or SIGTERM while a reel is made: 130, no answer, one line, no process left, and the same command goes on."""
    seed = str(2 + (sign is signal.SIGTERM))
    with studio.start("make", "--brand", "cleo", "--seed", seed, "--json") as process:
        until(lambda: list(studio.outputs.glob(f"cleo/000{seed}-*/script.json")))
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(sign)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.strip().splitlines()[-1] == "reelkit: interrupted; run the same command again to go on from here"
    assert "Traceback" not in err
    assert gone(child.pid for child in below)
    if sign is signal.SIGINT:
        assert studio.asked("make", "--brand", "cleo", "--seed", seed)["success"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupted_batch_answers_with_what_is_done(studio: Studio) -> None:
    """`batch --json` that is interrupted still answers, with each reel's state, and ends with 130."""
    with studio.start(*BATCH, "--count", "2", "--workers", "1", "--json") as process:
        until(lambda: list(studio.outputs.glob("bix/*/script.json")))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    told = json.loads(out)
    assert process.returncode == 130
    assert (told["success"], told["summary"], told["reels"]) == (False, "interrupted", 2)
    assert {reel["state"] for reel in told["results"]} <= {"waiting", "done"}
