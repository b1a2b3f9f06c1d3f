"""What ``run.json`` says: the job, what decided it, what was made, how long it took and how it ended."""

from __future__ import annotations

import glob
import json
from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue, ValidationError

from reelkit.brand import Brand, load_brand
from reelkit.errors import RunError
from reelkit.model import Finding, Reel, ServiceCall, ShapedReel, UploadResult, Value
from reelkit.whole import sha256_of, write_whole

__all__ = [
    "MANIFEST",
    "MOST_SEED",
    "Artefact",
    "Manifest",
    "RunJob",
    "StepRecord",
    "manifest_of",
    "read_manifest",
    "reel_name",
    "runs_at",
    "write_manifest",
]

MANIFEST = "run.json"
MOST_SEED = 2**63 - 1
"""What the random numbers of a reel can be seeded with."""


class RunJob(Value):
    """What was asked for."""

    brand: str = Field(description="a slug, or the whole path of a brand file")
    topic_seed: int = Field(ge=0)
    script: Path | None = Field(default=None, description="a script of the user's own, Markdown or plain text")
    overrides: dict[str, JsonValue] = Field(default={}, description="brand fields replaced for this run, by dotted name")

    def changed_brand(self) -> Brand:
        """Return the brand with what is replaced for this run.

        Raises
        ------
        BrandError
            When the brand cannot be loaded, or not be changed so.
        """
        brand = load_brand(self.brand)
        return brand.with_changes(dict(self.overrides)) if self.overrides else brand


def reel_name(job: RunJob) -> str:
    """Return what the ledger knows all takes of a job's reel by."""
    return f"seed {job.topic_seed}" if job.script is None else f"script {job.script.name}"


class StepRecord(Value):
    """A step that ended well."""

    name: str
    seconds: float = Field(ge=0)
    told: str = Field(default="", description="what it made, in a few words")


class Artefact(Value):
    """A file of the run's folder as it was when the run ended."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)

    @classmethod
    def of(cls, path: Path) -> Artefact:
        """Measure a file."""
        return cls(sha256=sha256_of(path), bytes=path.stat().st_size)

    def is_intact(self, path: Path) -> bool:
        """Say whether the file is still what it was; one that cannot be read is not."""
        try:
            return path.is_file() and path.stat().st_size == self.bytes and sha256_of(path) == self.sha256
        except OSError:
            return False


class Manifest(Value):
    """``run.json``. A run that was killed stays ``running``; running the same job again completes it."""

    version: Literal[1] = 1
    run_id: str
    brand: str
    job: RunJob
    decided_by: dict[str, str] = Field(description="the hash of each thing that the run id depends on")
    versions: dict[str, str] = Field(description="what made it")
    used: tuple[str, ...] = Field(default=(), description="clips that the brand's recent reels had used when the run first started")
    used_topics: tuple[str, ...] = Field(
        default=(), description="topics of the brand's earlier reels when the run first started, or failed before"
    )
    claims: bool = Field(
        default=True, description="its clips are claimed in the ledger; not where a batch on another machine, whose ledger counts, makes it"
    )
    edits: str = Field(default="", description="a hash of what a person changed by hand; empty where nothing was")
    state: Literal["running", "done", "failed"] = "running"
    step: str | None = Field(default=None, description="the step that is running or failed")
    reason: str | None = Field(default=None, description="why the run failed, in one line")
    steps: tuple[StepRecord, ...] = ()
    facts: dict[str, str | int | float] = Field(default={})
    left_out: tuple[str, ...] = Field(default=(), description="files that were no usable footage, a line each")
    reel: Reel | None = None
    costs: dict[str, float] = Field(default={}, description="US dollars by step; empty when nothing was bought")
    calls: tuple[ServiceCall, ...] = Field(default=(), description="calls to services that count tokens, in all tries of this run")
    findings: tuple[Finding, ...] = ()
    shapes: tuple[ShapedReel, ...] = Field(default=(), description="the reel in other shapes, each with what the check measured")
    artefacts: dict[str, Artefact] = Field(default={})
    published: UploadResult | None = Field(default=None, description="where the reel was; None again once another one is composed")
    published_sha256: str | None = Field(default=None, description="of the reel that was published")
    started_at: str
    ended_at: str | None = None

    @property
    def seconds(self) -> float:
        """How long the steps took together."""
        return sum(step.seconds for step in self.steps)

    @property
    def is_made(self) -> bool:
        """Whether the reel is finished, as it still is where its upload failed or was cut."""
        return self.state == "done" or self.step == "upload"

    @property
    def is_published(self) -> bool:
        """Whether the reel as it lies here was published, and the last upload ended well."""
        return self.published is not None and self.state == "done"

    def __repr__(self) -> str:
        how = {"running": f"running {self.step}", "done": "done", "failed": f"failed at {self.step}: {self.reason}"}[self.state]
        return f"<Manifest {self.brand}/{self.run_id}: {how}>"


def runs_at(folder: Path, *, down: int = 2) -> list[Path]:
    """Return the folders with a manifest so many levels below a folder, two below an outputs folder; none of a name with a dot first."""
    # pathlib's own fails where a folder that it looks into is removed meanwhile.
    found = glob.glob("/".join(["*"] * down + [MANIFEST]), root_dir=folder)  # noqa: PTH207
    return [(folder / path).parent for path in sorted(found)]


def read_manifest(folder: Path) -> Manifest | None:
    """Return a run folder's manifest, or None where there is none.

    Raises
    ------
    RunError
        When ``run.json`` is there and cannot be read.
    """
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise RunError(f"run {folder.name}: {path} cannot be read ({detail}); delete the folder to make the run anew") from None


def manifest_of(folder: Path) -> Manifest:
    """Return a run folder's manifest.

    Raises
    ------
    RunError
        When there is none, or it cannot be read.
    """
    found = read_manifest(folder)
    if found is None:
        raise RunError(f"{folder} holds no run; name a folder with a {MANIFEST} in it")
    return found


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``run.json`` whole."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    write_whole(folder / MANIFEST, text + "\n")
