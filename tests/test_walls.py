import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = ("IPython", "ipykernel", "torch", "requests", "openai", "supabase", "papermill", "moviepy", "cv2", "av", "onnxruntime", "pydantic")
"""What `import reelkit` must not load. It takes well under half a second only without them."""


def loaded_by(code: str) -> tuple[set[str], float]:
    """Return the modules that a fresh interpreter loads for some code, and the CPU seconds that it takes."""
    probe = "import time; start = time.process_time()\n" + code + "\nspent = time.process_time() - start\n"
    probe += "import json, sys; print(json.dumps([spent, sorted(sys.modules)]))"
    out = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    spent, modules = json.loads(out.splitlines()[-1])
    return set(modules), spent


def test_rooms_know_only_their_neighbours() -> None:
    """Every import contract in pyproject.toml holds."""
    from importlinter.cli import lint_imports

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_import_is_light() -> None:
    """`import reelkit` loads no Jupyter, no torch, no network client, no decoder, and costs less than half a second of CPU."""
    modules, spent = loaded_by("import reelkit")
    assert modules.isdisjoint(HEAVY)
    assert spent < 0.5


def test_help_is_light() -> None:
    """`reelkit --help` parses its arguments without loading what makes reels."""
    modules, spent = loaded_by("import reelkit.cli; reelkit.cli.build_parser().format_help()")
    assert modules.isdisjoint(HEAVY)
    assert spent < 0.5


def test_the_chain_loads_no_network_and_no_jupyter() -> None:
    """What makes a reel in process loads neither a network client nor Jupyter nor torch."""
    modules, _ = loaded_by("from reelkit import *\nimport reelkit.parts")
    assert modules.isdisjoint({"IPython", "ipykernel", "torch", "requests", "openai", "supabase", "papermill", "moviepy"})
