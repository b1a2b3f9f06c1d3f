"""The examples for cron, systemd and GitHub Actions are checked by what will read them, and run as it runs them."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reelkit.cli import build_parser
from tests.batch.studio import make_studio
from tests.services.servers import gives, serving

EXAMPLES = Path(__file__).parents[2] / "templates" / "scheduling"
REELKIT = Path(sys.executable).with_name("reelkit")
SERVICE, TIMER, WORKFLOW = (EXAMPLES / name for name in ("reelkit-batch.service", "reelkit-batch.timer", "github-actions.yaml"))

pytestmark = pytest.mark.skipif(os.name != "posix", reason="cron, systemd and a shell")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A studio of one brand, whose batch is begun whatever the disk has free."""
    make_studio(tmp_path, ["ada"])
    return tmp_path


def in_small(command: str) -> str:
    """A command of an example with one brand and one reel, and the disk as full as it may be."""
    return re.sub(r"--brands [\w $-]+ --count \S+", "--brands ada --count 1 --keep-free-gb 0", command)


def reels(place: Path) -> int:
    return len(list(place.glob("outputs/ada/*/reel.mp4")))


# --- cron -------------------------------------------------------------------------------------------------------------


def cron() -> tuple[dict[str, str], list[str]]:
    """What the crontab sets, and the commands of its jobs, as cron reads them."""
    lines = [line for line in (EXAMPLES / "crontab").read_text().splitlines() if line.strip() and not line.startswith("#")]
    settings = {name: value.strip('"') for name, sign, value in (line.partition("=") for line in lines) if re.fullmatch(r"[A-Z]+", name)}
    jobs = [re.fullmatch(r"((?:[\d*/,-]+\s+){5})(.*)", line) for line in lines if not re.match(r"[A-Z]+=", line)]
    assert all(jobs), lines
    commands = [job[2] for job in jobs if job]
    # For cron a percent sign ends the command.
    assert not any("%" in command for command in commands)
    return settings, commands


def of_a_night(command: str, place: Path) -> "subprocess.Popen[str]":
    """Start a job as cron does: its shell, its settings, the four names that it sets itself, no terminal, at home."""
    settings, _ = cron()
    here = settings | {"STUDIO": str(place), "REELKIT": str(REELKIT), "BRANDS": "ada", "COUNT": "1"}
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/", "LOGNAME": "reelkit"} | here
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [settings["SHELL"], "-c", command], env=environment, cwd="/", stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    )


def test_the_crontab_keeps_two_nights_apart(place: Path) -> None:
    """The job makes the reels and says one line; a second one beside it makes none and says why; the weekly one trims the cache."""
    _, (night, week) = cron()
    # The first night is held at its end, so that the second one meets it on any machine.
    first = of_a_night(f"{night} --notify-command 'touch held; until test -e go; do sleep 0.05; done'", place)
    until = time.monotonic() + 250
    while not (place / "held").exists() and first.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    second = of_a_night(night, place)
    out, err = second.communicate(timeout=50)
    (place / "go").touch()
    assert (second.returncode, out) == (1, "")
    assert re.fullmatch(r"reelkit: another batch with --alone is still running in \S+; this one makes nothing\n", err)
    out, err = first.communicate(timeout=280)
    assert (first.returncode, err) == (0, "")
    assert re.fullmatch(r"batch \S+: 1 of 1 reels done in .*\n", out)
    assert reels(place) == 1
    third = of_a_night(night, place)
    assert third.communicate(timeout=120)[1] == ""
    assert (third.returncode, reels(place)) == (0, 1)
    cleaned = of_a_night(week, place)
    out, err = cleaned.communicate(timeout=120)
    assert (cleaned.returncode, err) == (0, "")
    assert "of cache" in out


# --- systemd ----------------------------------------------------------------------------------------------------------


def verified(folder: Path, **changed: tuple[str, str]) -> str:
    """Return what `systemd-analyze verify` says of the units, once they name programs that are there."""
    assert shutil.which("systemd-analyze"), "the examples are verified by systemd itself: apt-get install systemd"
    for unit in (SERVICE, TIMER):
        text = unit.read_text().replace("/srv/studio/.venv/bin/reelkit", str(REELKIT)).replace("/srv/studio", str(folder))
        (folder / unit.name).write_text(text.replace(*changed.get(unit.suffix[1:], ("", ""))))
    units = [str(folder / unit.name) for unit in (SERVICE, TIMER)]
    result = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in result.stderr.splitlines() if "reelkit" in line]
    assert bool(result.returncode) <= bool(ours), result.stderr
    return "\n".join(ours)


@pytest.mark.skipif(sys.platform != "linux", reason="systemd")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing in service and timer, and would: a wrong name, a wrong day, a program that is not there."""
    assert verified(tmp_path) == ""
    assert "'Typ'" in verified(tmp_path, service=("Type=", "Typ="))
    assert "26:30" in verified(tmp_path, timer=("02:30", "26:30"))
    assert "/nowhere/reelkit" in verified(tmp_path, service=(f"ExecStart={REELKIT}", "ExecStart=/nowhere/reelkit"))


def test_the_service_makes_its_night(place: Path) -> None:
    """Its commands, run in order as systemd runs them: without a shell, in its folder, with next to nothing in the environment.

    The second is run after a night with a failed reel too, as an ExecStartPost would not be.
    """
    text = SERVICE.read_text().replace("/srv/studio/.venv/bin/reelkit", str(REELKIT))
    when, commands = zip(*re.findall(r"^(Exec\w+)=(.*)$", text, flags=re.MULTILINE), strict=True)
    assert when == ("ExecStart", "ExecStopPost")
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "HOME": "/", "USER": "reelkit"}
    told = [
        subprocess.run(shlex.split(in_small(command)), env=environment, cwd=place, capture_output=True, text=True, check=False)
        for command in commands
    ]
    assert [(ended.returncode, ended.stderr) for ended in told] == [(0, "")] * 2
    assert reels(place) == 1
    assert list(place.glob("outputs/published/**/*.mp4"))


# --- GitHub Actions ---------------------------------------------------------------------------------------------------


def schema_says(workflow: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def test_the_workflow_is_one(tmp_path: Path) -> None:
    """GitHub's own schema of workflows takes it, and refuses a wrong one; nights queue, and actions are pinned to a major version."""
    assert schema_says(WORKFLOW)[0] == 0
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(WORKFLOW.read_text().replace("runs-on:", "run-on:"))
    code, told = schema_says(wrong)
    assert code == 1
    assert "run-on" in told
    flow: dict[Any, Any] = YAML(typ="safe").load(WORKFLOW)
    assert re.fullmatch(r"(?:[\d*/,-]+\s?){5}", flow["on"]["schedule"][0]["cron"])
    assert flow["concurrency"] == {"group": "reels", "cancel-in-progress": False}
    for job in flow["jobs"].values():
        for step in job["steps"]:
            assert re.fullmatch(r"[\w-]+(?:/[\w-]+)+@v\d+", step.get("uses", "a/b@v1"))


def test_the_workflow_keeps_what_was_made_however_a_night_ends() -> None:
    """Outputs are saved after the last command of a night that failed or was cancelled too, each time anew, once they were brought back."""
    flow: dict[Any, Any] = YAML(typ="safe").load(WORKFLOW)
    steps = flow["jobs"]["reels"]["steps"]
    (restore,) = (step for step in steps if step.get("uses", "").startswith("actions/cache/restore@"))
    save, make = steps[-1], next(step for step in steps if step.get("name") == "make the reels")
    assert save["uses"].startswith("actions/cache/save@")
    assert save["if"] == f"always() && steps.{restore['id']}.outcome == 'success'"
    assert steps.index(restore) < steps.index(make) < steps.index(save)
    # A cache is never written over: a night that is run again needs a key of its own.
    assert "github.run_attempt" in save["with"]["key"]
    assert (restore["with"]["path"], restore["with"]["key"]) == (save["with"]["path"], save["with"]["key"])
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])


def test_the_workflow_makes_its_night(place: Path) -> None:
    """Its commands, run as a runner does (`bash -e`, the step's own names): reels are made, the webhook hears, the cache is trimmed."""
    flow: dict[Any, Any] = YAML(typ="safe").load(WORKFLOW)
    install, make, clean = [step for step in flow["jobs"]["reels"]["steps"] if "run" in step]
    assert install["run"] == "pip install reelkit"
    with serving(gives("")) as server:
        # A secret that is not set is an empty text there.
        own = {name: f"{server.url}/hook" if name == "WEBHOOK" else "" for name in make["env"]}
        environment = {"PATH": f"{REELKIT.parent}:/usr/bin:/bin", "HOME": str(place), "CI": "true"}
        for step, more in ((make, own), (clean, {})):
            command = ["bash", "-e", "-c", in_small(step["run"])]
            ended = subprocess.run(command, env=environment | more, cwd=place, capture_output=True, text=True, check=False)
            assert (ended.returncode, ended.stderr) == (0, "")
    assert [asked.json["done"] for asked in server.asked] == [1]
    assert reels(place) == 1


@pytest.mark.parametrize("name", ["crontab", "reelkit-batch.service", "github-actions.yaml"])
def test_every_command_in_them_is_ours(name: str) -> None:
    """Each `reelkit` line of an example is one that the parser takes."""
    commands = re.findall(r'(?:/reelkit|\$REELKIT"|run: reelkit) ((?:batch|clean) .*)', (EXAMPLES / name).read_text())
    assert len(commands) == 2
    for command in commands:
        plain = command.replace("$BRANDS", "a b").replace("$COUNT", "3").replace('"$WEBHOOK"', "http://x")
        build_parser().parse_args(plain.split())
