import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reelkit.cli import _log, main
from reelkit.processes import SIGNS

ROOT = Path(__file__).parents[1]


def reelkit(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, in a process of its own."""
    return subprocess.run([sys.executable, "-m", "reelkit.cli", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must end with 2, and return its one line."""
    try:
        code = main(arguments)
    except SystemExit as end:
        code = int(str(end.code))
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    return err.strip().splitlines()[-1]


def test_help_names_every_command() -> None:
    """`reelkit --help` answers with the commands and ends well."""
    result = reelkit("--help")
    assert result.returncode == 0
    assert all(f"    {command} " in result.stdout for command in ("make", "batch", "brands", "doctor", "report", "lab", "init", "clean"))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["make"], "the following arguments are required: --brand/-b"),
        (["make", "--brand", "northwind", "--seed", "-1"], "'-1' is not a whole number from 0"),
        (["make", "--brand", "northwind", "--set", "captions.size_px"], "must look like captions.size_px=90"),
        (["make", "--brand", "northwind", "--set", "captions.size_px=20"], "captions.size_px is 20; it must be 55 to 120"),
        (["make", "--brand", "northwind", "--set", "captions.max_width_px=1000"], "captions.max_width_px is 1000; it must be at most 720"),
        (["make", "--brand", "northwind", "--set", "captions.size_px="], "captions.size_px is empty; it must be a whole number"),
        (["make", "--brand", "northwind", "--set", "captions.size=90"], "captions.size is not a field"),
        (
            ["make", "--brand", "northwind", "--set", "captions.size_px=2026-03-01"],
            "captions.size_px is '2026-03-01'; it must be a whole number",
        ),
        (["make", "--brand", "northwind", "--set", "size={1: 2}"], "size is not a field"),
        (["make", "--brand", "northwind", "--set", "captions.size_px=[1"], "'[1' is not a value that a brand file could hold"),
        (["make", "--brand", "northwind", "--length", "500"], "script.length_s is 500.0; it must be 3 to 180"),
        (
            ["make", "--brand", "northwind", "--shape", "1:1", "--shape", "2:1"],
            "output.shapes[1] is '2:1'; it must be '9:16', '4:5', '1:1' or '16:9'",
        ),
        (["batch", "--file", "plan.yaml", "--shape", "1:1"], "leave out --brands, --count, --set, --length, --shape and --new"),
        (["make", "--brand", "nortwind"], "did you mean 'northwind'?"),
        (["make", "--brand", "northwind", "--script", "none.md"], "none.md cannot be read"),
        (["clean", "--keep-gb", "-3"], "'-3' is not a size"),
        (["report", "nowhere"], "holds no run"),
        (["mak"], "invalid choice: 'mak'"),
        (["batch"], "say which --brands, or give a calendar with --file"),
        (["batch", "--brands", "northwind", "--count", "0"], "'0' is not a whole number from 1"),
        (["batch", "--brands", "nortwind"], "did you mean 'northwind'?"),
        (["batch", "--brands", "northwind", "--file", "jobs.yaml"], "--file says everything"),
        (["batch", "--file", "none.csv"], "there is no file none.csv"),
        (["batch", "--brands", "northwind", "--dask", "tcp://127.0.0.1:9", "--workers", "2"], "--workers is for this machine"),
        (["batch", "--brands", "northwind", "--batch", "../x"], "must be made of letters"),
        (["batch", "--brands", "northwind", "--keep-free-gb", "-1"], "'-1' is not a size in GB"),
        (["make", "--brand", "northwind", "--dry-run", "--set", "captions.size_px=20"], "captions.size_px is 20; it must be 55 to 120"),
        (["lab", "--app", "tune"], "there is no notebook 'tune'; there are batch, compare, reel, tour, tune_brand"),
        (["init", "studio"], "say the brand's --name"),
        (["init", "studio", "--name", "Acme", "--colour", "green"], "'green' is not a colour"),
        (["init", "studio", "--name", "Acme", "--fact", "One."], "3 facts or more make a topic, got 1"),
        (["init", "studio", "--name", " "], "init: name is ''; it must not be empty"),
    ],
)
def test_wrong_use_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], line: str) -> None:
    """A wrong command ends with 2 and a line that says what to do, and makes nothing."""
    outputs = ["--outputs", str(tmp_path / "outputs")] if arguments[0] in ("make", "batch") else []
    assert line in refused(capsys, *arguments, *outputs)
    assert not list(tmp_path.glob("outputs/[!.b]*"))


def test_brands_are_listed_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """Every demo brand is on the list and well."""
    assert main(["brands"]) == 0
    listed = capsys.readouterr().out
    assert main(["brands", "list", "--json"]) == 0
    problems = json.loads(capsys.readouterr().out)
    assert len(problems) >= 3
    assert set(problems) == {line.split()[0] for line in listed.splitlines()}
    assert not any(problems.values())


def test_a_wrong_brand_file_is_told_with_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`reelkit brands` ends with 1 and names file, line and field of each problem."""
    (tmp_path / "brands").mkdir()
    (tmp_path / "brands" / "acme.yaml").write_text("name: Acme\nslug: acme\nscript: {deck: acme}\nvoice:\n  sped: 2\n")
    monkeypatch.setenv("REELKIT_TEMPLATES", str(tmp_path))
    assert main(["brands"]) == 1
    assert "acme" in capsys.readouterr().out


def test_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    """`reelkit brands schema` prints a JSON Schema and nothing else."""
    assert main(["brands", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Reelkit brand"


def test_clean_tells_what_went(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`reelkit clean` trims the cache to the size asked for."""
    monkeypatch.delenv("REELKIT_CACHE", raising=False)
    kept = tmp_path / ".cache" / "speech" / "ab"
    kept.mkdir(parents=True)
    (kept / f"{'ab' * 32}.wav").write_bytes(b"x" * 2_000_000)
    assert main(["clean", "--outputs", str(tmp_path), "--keep-gb", "0"]) == 0
    assert "2.0 MB of cache; 0.0 MB are kept" in capsys.readouterr().out


def test_doctor_tries_each_part(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that can make reels every check is well."""
    monkeypatch.setenv("REELKIT_OUTPUTS", str(tmp_path))
    assert main(["doctor", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)
    names = ["python", "encoder", "voice", "brands", "notebook", "outputs", "northwind, orbit, pulsefit: voice"]
    assert [check["name"] for check in checks] == names
    assert all(check["well"] for check in checks)


def test_a_log_of_ours_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is to be sent to us with a fault quotes no key of the environment."""
    monkeypatch.setenv("WEATHER_TOKEN", "7c3f0e5b91d2")
    log = _log(ValueError("401 for /v1?token=7c3f0e5b91d2"))
    try:
        assert log.read_text(encoding="utf-8") == "ValueError: 401 for /v1?token=[key]\n"
    finally:
        log.unlink()


def test_a_closed_pipe_is_no_error() -> None:
    """`reelkit brands schema | head -1` ends quietly."""
    shell = f'"{sys.executable}" -m reelkit.cli brands schema | head -1'
    result = subprocess.run(["bash", "-o", "pipefail", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_whoever_calls_the_command_from_python_hears_interrupts_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    """An interrupt as soon as all is loaded is the one answer, and only a process that ends with the command is deaf after it."""
    before = {sign: signal.getsignal(sign) for sign in SIGNS}

    def interrupt() -> None:
        # As a batch that was interrupted leaves them.
        signal.signal(signal.SIGTERM, lambda *_: None)
        raise KeyboardInterrupt

    assert main(["doctor"], loaded=interrupt) == 130
    assert {sign: signal.getsignal(sign) for sign in SIGNS} == before
    assert capsys.readouterr().err == "reelkit: interrupted; run the same command again to go on from here\n"
