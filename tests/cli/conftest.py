"""A small studio, and the command run in it as a person or a machine runs it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.batch.studio import make_studio


@dataclass(frozen=True)
class Studio:
    """A folder with brands whose reels take seconds."""

    folder: Path

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "REELKIT_TEMPLATES": str(self.folder / "templates"), "REELKIT_CACHE": str(self.folder / "cache")}

    @property
    def reels(self) -> list[Path]:
        return sorted(self.outputs.glob("*/*/reel.mp4"))

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "reelkit.cli", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=self.env | dict(env or {}), stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, env=env) as process:
            out, err = process.communicate(timeout=280)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def asked(self, *arguments: str, code: int = 0, env: Mapping[str, str] | None = None) -> Any:
        """Run a command for machines that must end with a code, and return what it answers."""
        ended = self.run(*arguments, "--json", env=env)
        assert ended.returncode == code, (ended.returncode, ended.stdout, ended.stderr)
        return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    folder = tmp_path_factory.mktemp("studio")
    make_studio(folder)
    return Studio(folder)
