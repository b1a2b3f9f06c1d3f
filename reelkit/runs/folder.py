"""A run's folder: its steps are timed and recorded as they end, and what was done once is not done again."""

from __future__ import annotations

import contextlib
import datetime
import errno
import functools
import os
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar, cast

from reelkit.brand import Brand, brand_reference, load_brand
from reelkit.edits import Edits
from reelkit.errors import BusyError, CheckError, ReelkitError, RunError
from reelkit.ledgers import ledger_for
from reelkit.model import AudioResult, Clip, Credit, Finding, Reel, Script, ServiceCall, ShapedReel, Timeline, UploadResult
from reelkit.runs.identity import decided_by, run_id, versions
from reelkit.runs.keep import Facts, keep_result
from reelkit.runs.kept_edits import KeptEdits
from reelkit.runs.keys import without_known_keys
from reelkit.runs.ledger import ReelLedger
from reelkit.runs.locks import hold
from reelkit.runs.manifest import (
    MANIFEST,
    MOST_SEED,
    Artefact,
    Manifest,
    RunJob,
    StepRecord,
    manifest_of,
    read_manifest,
    reel_name,
    write_manifest,
)
from reelkit.runs.progress import NoLines, Watcher, told
from reelkit.whole import sweep_temporaries, write_whole

__all__ = ["RunFolder", "count_in", "in_turn", "made_run", "open_run", "outputs_dir"]

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", Script, AudioResult, list[Clip])

_MADE = (
    "script.json",
    "voice.wav",
    "timeline.json",
    "timeline.otio",
    "reel.mp4",
    "captions.srt",
    "captions.vtt",
    "captions.ass",
    "poster.jpg",
    "credits.txt",
    "publishing.json",
)
_MOST_NAMED = 3
"""Files that were left out, in a step's line; all of them stand in the manifest."""
_STALE = "edits"
_EDITED = {"scenes": "script", "left_out": "script", "added": "script", "clips": "footage", "words": "word times", "breaks": "cue breaks"}
"""What is said of each field of the edits."""
_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE, errno.ENFILE}


def outputs_dir() -> Path:
    """Return where runs go: ``$REELKIT_OUTPUTS``; else ``outputs/`` beside the ``templates/`` found in or above the working directory;
    else ``outputs/`` in the working directory."""
    named = os.environ.get("REELKIT_OUTPUTS")
    if named:
        return Path(named).resolve()
    here = Path.cwd()
    studio = next((folder for folder in (here, *here.parents) if (folder / "templates" / "brands").is_dir()), here)
    return studio / "outputs"


def open_run(
    brand: str | Path | Brand,
    topic_seed: int,
    *,
    script: str | Path | None = None,
    overrides: dict[str, Any] | None = None,
    outputs: str | Path | None = None,
    watcher: Watcher | None = None,
) -> RunFolder:
    """Return the run of a job. Nothing is written before the first step.

    Parameters
    ----------
    brand : str, Path or Brand
        A slug, a brand file, or a brand.
    topic_seed : int
        At least 0; chooses the topic and everything else that varies.
    script : path, optional
        A script of the user's own, Markdown or plain text.
    overrides : dict, optional
        Brand fields replaced for this run: ``{"captions.size_px": 90}``.
    outputs : path, optional
        :func:`outputs_dir` where not given.
    watcher : Watcher, optional
        Told of every step; silent where not given.

    Raises
    ------
    BrandError, RunError
        When the brand file, an override, or a file that they name is not as it must be.
    """
    if not isinstance(topic_seed, int) or isinstance(topic_seed, bool) or not 0 <= topic_seed <= MOST_SEED:
        raise RunError(f"topic seed is {topic_seed!r}; it must be a whole number from 0 to {MOST_SEED}")
    named = str(brand.source or brand.slug) if isinstance(brand, Brand) else brand_reference(brand)
    found = brand if isinstance(brand, Brand) else load_brand(brand)
    changed = found.with_changes(overrides) if overrides else found
    path = Path(script).resolve() if script else None
    job = RunJob(brand=named, topic_seed=topic_seed, script=path, overrides=overrides or {})
    return RunFolder(job, changed, Path(outputs).resolve() if outputs else outputs_dir(), watcher or NoLines())


def made_run(folder: Path, *, watcher: Watcher | None = None) -> RunFolder:
    """Return the run that lies in a folder, as what decided it then: to publish it, whatever became of the brand's files since.

    Raises
    ------
    BrandError, RunError
        When the folder holds no run, or its brand cannot be loaded any more.
    """
    found = manifest_of(folder)
    run = RunFolder(found.job, found.job.changed_brand(), folder.parents[1], watcher or NoLines(), decided=found.decided_by)
    if run.folder != folder:
        raise RunError(f"run {run.run_id} does not lie where it was made ({folder}); give its folders their names back")
    return run


def count_in(folder: Path, *names: str) -> Manifest:
    """Count more files of a run's folder (the executed notebook, the report) among those that the finished run must have.

    Raises
    ------
    RunError
        When the folder holds no run.
    """
    found = manifest_of(folder)
    counted = found.model_copy(update={"artefacts": found.artefacts | _measured(folder, names)})
    write_manifest(folder, counted)
    return counted


@contextlib.contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Hold the run of a folder for this process, to change what it tells of itself; another process that makes it is waited for.

    A run that was put elsewhere is made by none, and held against none.

    Raises
    ------
    RunError
        When the folder holds no run, or its outputs folder cannot be written.
    """
    found, place = manifest_of(folder), folder.resolve()
    at_home = (found.brand, found.run_id) == (place.parent.name, place.name)
    with _held(place, what=f"run {found.run_id}") if at_home else contextlib.nullcontext():
        yield


def _held(folder: Path, *, what: str, busy: Callable[[], object] = lambda: None) -> contextlib.AbstractContextManager[None]:
    return hold(folder.parents[1], f"{folder.parent.name}-{folder.name}", what=what, busy=busy)


class RunFolder:
    """``outputs/<brand>/<run id>/``. Get one from :func:`open_run`."""

    def __init__(self, job: RunJob, brand: Brand, outputs: Path, watcher: Watcher, *, decided: dict[str, str] | None = None) -> None:
        self.job = job
        self.brand = brand
        self.outputs = outputs
        self.watcher = watcher
        self.decided_by = decided or decided_by(brand, job.topic_seed, script=job.script)
        self.run_id = run_id(job.topic_seed, self.decided_by)
        self.folder = outputs / brand.slug / self.run_id
        self._manifest: Manifest | None = None
        self._clips: dict[str, Credit] = {}
        self._left_out: tuple[str, ...] = ()
        self._taken = Edits()

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def manifest(self) -> Manifest:
        """The run's manifest: of this making, else what lies in the folder, else what a first making would begin with. A look starts
        nothing."""
        return self._manifest or read_manifest(self.folder) or self._begun_with(None)

    @property
    def used(self) -> tuple[str, ...]:
        """Ids of the clips that the brand's recent reels had used when this run first started, the same however often it is run."""
        return self.manifest.used

    @property
    def rejected(self) -> tuple[str, ...]:
        """Ids of the clips that the brand does not want. One that another stands in for by hand is not among them: an exchange holds
        where the clip that it was made on is found."""
        out = self.kept_edits.rejected
        exchanged = {found for found, clip in self.kept_edits.read().stand_ins.items() if clip.id not in out}
        return tuple(clip for clip in out if clip not in exchanged)

    @functools.cached_property
    def kept_edits(self) -> KeptEdits:
        """What a person changed by hand in this reel."""
        return KeptEdits(self.outputs / self.brand.slug, self._reel)

    @property
    def edits(self) -> Edits:
        """What a person changed by hand in this reel, as it is kept now. Whoever reads it here is held to use its cue breaks."""
        edits = self.kept_edits.read()
        self._taken = self._taken.model_copy(update={"breaks": edits.breaks})
        return edits

    def edited(self, made: E) -> E:
        """Return what a step made as it was edited by hand; without edits the same. What is returned is what the folder holds.

        Parameters
        ----------
        made : Script, list of Clip or AudioResult
        """
        edits = self.kept_edits.read()
        taken: tuple[str, ...]
        match made:
            case Script():
                changed: Any = edits.script(made)
                taken = ("scenes", "left_out", "added")
            case AudioResult():
                changed = edits.narration(made)
                taken = ("words",)
            case _:
                changed = edits.footage(made)
                taken = ("clips",)
        self._taken = self._taken.model_copy(update={name: field for name, field in edits if name in taken})
        facts = self.manifest.facts
        # What an edit that was taken back had changed is kept anew too.
        if "edited" in facts or (changed is not made and changed != made):
            facts = {name: fact for name, fact in (facts | self._keep(changed)).items() if name != "edited"}
            self._update(facts=facts | ({"edited": edits.told} if edits.told else {}))
        return cast(E, changed)

    @property
    def used_topics(self) -> tuple[str, ...]:
        """Topics of the brand's earlier reels when this run was first started, or started again after a failure, latest first."""
        return self.manifest.used_topics

    @property
    def spent_usd(self) -> float:
        """What the run has cost, in all its tries."""
        return sum(self.manifest.costs.values())

    @functools.cached_property
    def ledger(self) -> ReelLedger:
        """What the brand has told and shown: here, or in its whole team."""
        return ledger_for(self.brand, self.outputs)

    def claim_clips(self, clips: Collection[str]) -> tuple[str, ...]:
        """Take clips for this reel, and return those that another of the team took first; the run leaves these aside from then on."""
        if not self.manifest.claims:
            return ()
        lost = self.ledger.claim_clips(self.brand.slug, self._reel, clips, reels=self.brand.footage.recent_reels)
        if lost:
            self._update(used=tuple(dict.fromkeys((*self.manifest.used, *lost))))
        return lost

    def claim_topic(self, topic: str) -> Literal["granted", "reel", "topic"]:
        """Take a topic for this reel, or say what another machine of the team has."""
        return self.ledger.claim_topic(self.brand.slug, self._reel, topic, reels=self.brand.script.recent_reels)

    @property
    def _reel(self) -> str:
        """What the ledger knows all takes of this reel by."""
        return reel_name(self.job)

    def path(self, name: str) -> Path:
        """Return the path of one of the run's files."""
        return self.folder / name

    def paths(self, *names: str) -> list[Path]:
        """Return the paths of those of the run's files that are there."""
        return [self.path(name) for name in names if self.path(name).is_file()]

    @property
    def beside(self) -> list[Path]:
        """What is published beside the reel: poster, captions, credits, and the reel in other shapes with their posters."""
        shapes = [name(made.shape) for made in self.manifest.shapes for name in (ShapedReel.file_of, ShapedReel.poster_of)]
        return self.paths("poster.jpg", "captions.vtt", "captions.srt", "credits.txt", *shapes)

    @property
    def reel(self) -> Reel:
        """The run's reel, where the folder lies now.

        Raises
        ------
        RunError
            When none was composed yet.
        """
        found = self.manifest.reel
        if found is None:
            raise RunError(f"run {self.run_id}: there is no reel yet; compose it first")
        return found.model_copy(update={"path": self.path("reel.mp4")})

    def finished(self, *also: str) -> Manifest | None:
        """Return the manifest of a finished run whose files (and those named) are all there and unchanged, else None.

        A run whose upload failed or was cut counts: its reel is finished. Steps done after this add to what the run has.
        """
        found = read_manifest(self.folder)
        if found is None or not found.is_made:
            return None
        names = {"reel.mp4", *also}
        if found.edits != self.kept_edits.key:
            return None
        if not (names <= found.artefacts.keys() and all(made.is_intact(self.path(name)) for name, made in found.artefacts.items())):
            return None
        self._manifest = found
        return found

    # --- what happens ---------------------------------------------------------------------------------------------------

    def start(self, *, used: tuple[str, ...] | None = None, used_topics: tuple[str, ...] | None = None) -> Manifest:
        """Start the run anew: its manifest says ``running`` and knows no step. The first step does this where it was not done.

        Parameters
        ----------
        used : tuple of str, optional
            Clips to leave aside, where a batch has decided it for all its reels; else what the ledger says of the brand's recent reels.
            A run that was started before keeps what it was given then.
        used_topics : tuple of str, optional
            Topics told before, where a batch on another machine has decided it: what this machine's ledger and an earlier start say does
            not count then, and no clip is claimed.
        """
        sweep_temporaries(self.folder)
        self._manifest = self._begun_with(used, used_topics)
        self._write()
        return self._manifest

    def _begun_with(self, used: tuple[str, ...] | None, used_topics: tuple[str, ...] | None = None) -> Manifest:
        before = read_manifest(self.folder)
        if before and used_topics is None:
            used = before.used
        elif used is None:
            used = self.ledger.clips_used_before(self.brand.slug, self._reel, reels=self.brand.footage.recent_reels)
        return Manifest(
            run_id=self.run_id,
            brand=self.brand.slug,
            job=self.job,
            decided_by=self.decided_by,
            versions=versions(self.brand),
            used=used,
            used_topics=self._topics_for(before, used_topics),
            # The notebook's kernel takes up what its worker has begun.
            claims=used_topics is None and (before is None or before.state != "running" or before.claims),
            costs=before.costs if before else {},
            calls=before.calls if before else (),
            published=before.published if before else None,
            published_sha256=before.published_sha256 if before else None,
            edits=self.kept_edits.key,
            started_at=_now(),
        )

    def _topics_for(self, before: Manifest | None, used_topics: tuple[str, ...] | None) -> tuple[str, ...]:
        if before and used_topics is None and (before.is_made or before.state != "failed"):
            return before.used_topics
        # What others have told since a failure would be told again.
        now = self._topics_before() if used_topics is None else used_topics
        # A script that was written stays as it is, and costs nothing more, unless its topic was told meanwhile.
        written = str(before.facts.get("topic", "")) if before else ""
        return before.used_topics if before and written and written not in now else now

    def _topics_before(self) -> tuple[str, ...]:
        return self.ledger.topics_used_before(self.brand.slug, self._reel, reels=self.brand.script.recent_reels)

    def resume(self) -> Manifest:
        """Take up the manifest that lies in the folder, where another process may have gone on."""
        self._manifest = read_manifest(self.folder)
        return self.manifest

    def step(self, name: str, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a step: call ``work``, keep what it made, and record how long it took and what it tells of itself.

        Raises
        ------
        ReelkitError
            The step's own; the manifest then says ``failed``, the step, and the reason. What the machine refuses (a full disk, a folder
            that may not be written) is a :class:`RunError`.
        """
        self._update(state="running", step=name, reason=None)
        self.watcher.begins(name)
        began = time.monotonic()
        self._left_out = ()
        try:
            result = work(*args, **kwargs)
            facts = self._keep(result)
        except ReelkitError as error:
            self.fail(name, str(error))
            raise
        except OSError as error:
            if error.errno not in _OF_THE_MACHINE:
                self._fail_with_traceback(name, error)
                raise
            told_by_machine = RunError(f"brand '{self.brand.slug}': step {name}: {error.strerror} ({error.filename or self.folder})")
            self.fail(name, str(told_by_machine))
            raise told_by_machine from None
        except Exception as error:
            self._fail_with_traceback(name, error)
            raise
        seconds = round(time.monotonic() - began, 3)
        made = "; ".join(filter(None, (told(result), _some_of(self._left_out))))
        self.watcher.ends(name, seconds, made)
        self._record(StepRecord(name=name, seconds=seconds, told=made), facts, result)
        return result

    def record_call(self, call: ServiceCall) -> None:
        """Record what a call to a service took, as soon as it was answered: the step may still fail."""
        costs = self.manifest.costs
        if call.usd:
            step = self.manifest.step or call.service
            costs = costs | {step: round(costs.get(step, 0.0) + call.usd, 8)}
        self._update(calls=(*self.manifest.calls, call), costs=costs)

    def leave_out(self, lines: Collection[str]) -> None:
        """Record the files that the running step cannot use, a line each; its own line names the first of them."""
        self._left_out = tuple(dict.fromkeys(lines))
        self._update(left_out=self._left_out)

    def share(self, step: str) -> Callable[[float], None]:
        """Return what a long step may call with the share done."""
        return lambda done: self.watcher.share(step, done)

    def finish(self) -> Manifest:
        """End the run well: its files are measured, and the ledger learns of it.

        Edits that were kept after the cells or steps that take them had run are not in the reel: a finding warns of it, and the next
        making of the reel takes them.

        Raises
        ------
        CheckError
            When a "must" of the check does not hold; the run has then failed.
        """
        self._hold_to(self.manifest.findings, "the reel", "reel.mp4", step="check")
        shapes = [made.shape for made in self.manifest.shapes]
        for made in self.manifest.shapes:
            self._hold_to(made.findings, f"the reel in {made.shape}", ShapedReel.file_of(made.shape), step="shapes")
        others = [name(shape) for shape in shapes for name in (ShapedReel.file_of, ShapedReel.poster_of)]
        artefacts = _measured(self.folder, (*_MADE, *others))
        if "reel.mp4" not in artefacts:
            raise RunError(f"run {self.run_id}: there is no reel.mp4 to finish; compose it first")
        topic = str(self.manifest.facts.get("topic", ""))
        sha256 = artefacts["reel.mp4"].sha256
        reel, clips, used = self._reel, self._clips, self.used
        try:
            self.ledger.record(self.brand.slug, self.run_id, reel=reel, topic=topic, clips=clips, used=used, sha256=sha256)
        except ReelkitError as error:
            self.fail("ledger", str(error))
            raise
        findings = self._with_stale_edits(self.manifest.findings)
        ended = {"artefacts": artefacts, "findings": findings, "edits": self._taken.key, "ended_at": _now()}
        self._update(state="done", step=None, reason=None, **ended)
        return self.manifest

    def _with_stale_edits(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return findings with a warning of edits that the reel does not have, where there are any."""
        others = tuple(finding for finding in findings if finding.name != _STALE)
        kept, taken = dict(self.kept_edits.read()), dict(self._taken)
        stale = [_EDITED[name] for name, field in kept.items() if field != taken[name]]
        if not stale:
            return others
        measured = f"{' and '.join(dict.fromkeys(stale))} edited since"
        hint = "run the cells from Script on, or make the reel again"
        self.watcher.begins(_STALE)
        self.watcher.ends(_STALE, 0.0, f"{measured}; {hint}")
        return (*others, Finding(name=_STALE, level="should", holds=False, norm="every edit is in the reel", measured=measured, hint=hint))

    def _hold_to(self, findings: Iterable[Finding], what: str, name: str, *, step: str) -> None:
        """Fail the run where a "must" does not hold."""
        broken = [finding for finding in findings if finding.verdict == "fail"]
        if broken:
            first, more = broken[0], len(broken) - 1
            error = CheckError(
                f"brand '{self.brand.slug}': {what} breaks a must: {first.name} is {first.measured}; it must be {first.norm}"
                + (f"; {first.hint}" if first.hint else "")
                + (f" (and {more} more)" if more else "")
                + f" ({self.path(name)})"
            )
            self.fail(step, str(error))
            raise error

    def fail(self, step: str, reason: str) -> None:
        """Record that the run failed, with a reason that holds no key; whatever was left half-written goes."""
        reason = without_known_keys(reason)
        self.watcher.fails(step, reason)
        sweep_temporaries(self.folder)
        self._update(state="failed", step=step, reason=reason, ended_at=_now())

    @contextlib.contextmanager
    def locked(self, *, wait: bool = True, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Hold the run for this process; another that makes the same reel is waited for (``waiting`` is called once).

        Raises
        ------
        BusyError
            When another process holds the run and is not to be waited for.
        RunError
            When the outputs folder cannot be made or written.
        """
        what = f"brand '{self.brand.slug}'"

        def busy() -> None:
            if not wait:
                raise BusyError(f"{what}: run {self.run_id} is being made by another process")
            waiting()

        with _held(self.folder, what=what, busy=busy):
            self._manifest = None
            yield

    # --- how it is recorded ---------------------------------------------------------------------------------------------

    def _keep(self, result: object) -> Facts:
        script_by_a_model = self.manifest.job.script is None and self.brand.script.writer != "deck"
        return keep_result(self.folder, result, by_a_model=script_by_a_model or self.brand.voice.engine != "recorded")

    def _record(self, step: StepRecord, facts: dict[str, str | int | float], result: object) -> None:
        changes: dict[str, Any] = {
            "steps": (*(done for done in self.manifest.steps if done.name != step.name), step),
            "facts": self.manifest.facts | facts,
        }
        match result:
            case [Finding(), *_]:
                changes["findings"] = tuple(result)
            case [ShapedReel(), *_]:
                changes["shapes"] = tuple(result)
            case Timeline():
                self._clips = {shot.clip.id: shot.clip.credit for shot in result.shots}
            case UploadResult():
                reel = self.manifest.reel
                changes |= {"published": result, "published_sha256": reel.sha256 if reel else None}
                self.ledger.record_published(self.brand.slug, self.run_id, result)
                changes |= {"state": "done", "step": None}
            case Reel():
                changes |= {"reel": result, "findings": (), "shapes": ()}
                if result.sha256 != self.manifest.published_sha256:
                    changes |= {"published": None, "published_sha256": None}
        self._update(**changes)

    def _fail_with_traceback(self, step: str, error: Exception) -> None:
        log = write_whole(self.path("error.txt"), without_known_keys("".join(traceback.format_exception(error))))
        text = " ".join(str(error).split())
        self.fail(step, f"{type(error).__name__}: {text} (a fault of Reelkit's own; please report it with {log})")

    def _update(self, **changes: Any) -> None:
        self._manifest = (self._manifest or self.start()).model_copy(update=changes)
        self._write()

    def _write(self) -> None:
        assert self._manifest is not None
        try:
            write_manifest(self.folder, self._manifest)
        except OSError as error:
            raise RunError(f"brand '{self.brand.slug}': {self.folder} cannot be written: {error.strerror}") from None

    def __repr__(self) -> str:
        return f"<RunFolder {self.folder}>"


def _measured(folder: Path, names: Iterable[str]) -> dict[str, Artefact]:
    return {name: Artefact.of(folder / name) for name in names if (folder / name).is_file()}


def _some_of(lines: Sequence[str]) -> str:
    more = len(lines) - _MOST_NAMED
    return f"left out: {'; '.join(lines[:_MOST_NAMED])}" + (f"; and {more} more ({MANIFEST})" if more > 0 else "") if lines else ""


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
