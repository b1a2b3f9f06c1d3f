"""The examples for cron, systemd and GitHub Actions are run or checked by what will read them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reelkit.batch.batches import alone
from reelkit.cli import build_parser
from tests.batch.studio import make_studio

EXAMPLES = Path(__file__).parents[2] / "templates" / "scheduling"
REELKIT = Path(sys.executable).with_name("reelkit")


def cron() -> tuple[dict[str, str], list[str]]:
    """What the crontab sets, and the commands of its jobs, as cron reads them."""
    lines = [line for line in (EXAMPLES / "crontab").read_text().splitlines() if line.strip() and not line.startswith("#")]
    settings = {name: value.strip('"') for name, sign, value in (line.partition("=") for line in lines) if re.fullmatch(r"[A-Z]+", name)}
    jobs = [re.fullmatch(r"((?:[\d*/,-]+\s+){5})(.*)", line) for line in lines if not re.match(r"[A-Z]+=", line)]
    assert all(jobs), lines
    return settings, [job[2] for job in jobs if job]


def of_a_night(command: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run a job as cron does: its shell, its settings, no terminal."""
    settings, _ = cron()
    here = settings | {"STUDIO": str(place), "REELKIT": str(REELKIT), "BRANDS": "ada", "COUNT": "1"}
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(place)} | here
    return subprocess.run([settings["SHELL"], "-c", command], env=environment, cwd="/", capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name != "posix", reason="cron")
def test_the_crontab_makes_its_night(tmp_path: Path) -> None:
    """The first job makes the reels and says one line; while another night runs it makes none; the second job trims the cache."""
    make_studio(tmp_path, ["ada"])
    _, (night, week) = cron()
    made = of_a_night(night, tmp_path)
    assert made.returncode == 0, made.stderr
    assert re.fullmatch(r"batch \S+: 1 of 1 reels done in .*\n", made.stdout)
    assert made.stderr == ""
    with alone(tmp_path / "outputs"):
        kept_away = of_a_night(night, tmp_path)
    assert (kept_away.returncode, kept_away.stdout) == (1, "")
    assert "another batch with --alone is still running" in kept_away.stderr
    cleaned = of_a_night(week, tmp_path)
    assert cleaned.returncode == 0, cleaned.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this system has no systemd")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing in service and timer, once they name programs that are there."""
    for name in ("reelkit-batch.service", "reelkit-batch.timer"):
        text = (EXAMPLES / name).read_text()
        text = (
            text.replace("/srv/studio/.venv/bin/reelkit", str(REELKIT)).replace("/srv/studio", str(tmp_path)).replace("User=reelkit\n", "")
        )
        (tmp_path / name).write_text(text)
    units = [str(tmp_path / name) for name in ("reelkit-batch.service", "reelkit-batch.timer")]
    result = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in result.stderr.splitlines() if "reelkit" in line]
    assert (result.returncode, ours) == (0, [])
    when = re.findall(r"OnCalendar=(.*)", (tmp_path / "reelkit-batch.timer").read_text())
    subprocess.run(["systemd-analyze", "calendar", *when], check=True, capture_output=True)


def test_the_workflow_is_one() -> None:
    """The GitHub workflow has what one must have: when it runs, jobs of steps that use or run something, and pinned major versions."""
    flow: dict[Any, Any] = YAML(typ="safe").load(EXAMPLES / "github-actions.yaml")
    assert re.fullmatch(r"(?:[\d*/,-]+\s?){5}", flow["on"]["schedule"][0]["cron"])
    assert flow["concurrency"] == {"group": "reels", "cancel-in-progress": False}
    for job in flow["jobs"].values():
        assert set(job) <= {"runs-on", "timeout-minutes", "steps"}
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))


@pytest.mark.parametrize("name", ["crontab", "reelkit-batch.service", "github-actions.yaml"])
def test_every_command_in_them_is_ours(name: str) -> None:
    """Each `reelkit` line of an example is one that the parser takes."""
    commands = re.findall(r'(?:/reelkit|\$REELKIT"|run: reelkit) ((?:batch|clean) .*)', (EXAMPLES / name).read_text())
    assert len(commands) == 2
    for command in commands:
        plain = command.replace("$BRANDS", "a b").replace("$COUNT", "3").replace('"$WEBHOOK"', "http://x")
        build_parser().parse_args(plain.split())
