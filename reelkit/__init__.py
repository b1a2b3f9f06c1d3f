"""Reelkit: short vertical videos for many brands.

What is here is loaded on first use, so that ``import reelkit`` costs next to nothing:

>>> import reelkit
>>> reelkit.Scene(text="Cold brew takes time.", search_terms=("coffee", "ice")).text
'Cold brew takes time.'
"""

from importlib import import_module

__version__ = "0.1.0"

TYPE_CHECKING = False
"""For type checkers it is true, as that of typing is, which takes a third of the time in which this loads."""
if TYPE_CHECKING:
    from reelkit.batch.batches import generate_batch, generate_for_brands
    from reelkit.batch.jobs import Job
    from reelkit.batch.runner import generate_one, run_notebook
    from reelkit.brand import Brand, brand_problems, brand_schema, list_brands, load_brand
    from reelkit.draft import Draft
    from reelkit.errors import ReelkitError
    from reelkit.model import (
        AudioResult,
        BatchResult,
        Clip,
        Cue,
        Finding,
        GenerationResult,
        Reel,
        Scene,
        Script,
        SentenceTiming,
        Timeline,
        UploadResult,
        Word,
    )
    from reelkit.parts import Parts
    from reelkit.runs.folder import RunFolder, open_run
    from reelkit.steps.check import check_video
    from reelkit.steps.compose import compose_video
    from reelkit.steps.footage import fetch_footage
    from reelkit.steps.other_footage import other_clips
    from reelkit.steps.script import generate_script
    from reelkit.steps.shapes import compose_shapes, in_shape
    from reelkit.steps.strengthen import strengthen_captions
    from reelkit.steps.timeline import plan_timeline
    from reelkit.steps.timing import group_words_into_sentences, split_cues
    from reelkit.steps.upload import upload_video
    from reelkit.steps.voice import synthesize_voice

__all__ = [
    "AudioResult",
    "BatchResult",
    "Brand",
    "Clip",
    "Cue",
    "Draft",
    "Finding",
    "GenerationResult",
    "Job",
    "Parts",
    "Reel",
    "ReelkitError",
    "RunFolder",
    "Scene",
    "Script",
    "SentenceTiming",
    "Timeline",
    "UploadResult",
    "Word",
    "__version__",
    "brand_problems",
    "brand_schema",
    "check_video",
    "compose_shapes",
    "compose_video",
    "fetch_footage",
    "generate_batch",
    "generate_for_brands",
    "generate_one",
    "generate_script",
    "group_words_into_sentences",
    "in_shape",
    "list_brands",
    "load_brand",
    "open_run",
    "other_clips",
    "plan_timeline",
    "run_notebook",
    "split_cues",
    "strengthen_captions",
    "synthesize_voice",
    "upload_video",
]

_ROOMS = {
    "batch.batches": ("generate_batch", "generate_for_brands"),
    "batch.jobs": ("Job",),
    "batch.runner": ("generate_one", "run_notebook"),
    "brand": ("Brand", "brand_problems", "brand_schema", "list_brands", "load_brand"),
    "draft": ("Draft",),
    "errors": ("ReelkitError",),
    "model": (
        "AudioResult",
        "BatchResult",
        "Clip",
        "Cue",
        "Finding",
        "GenerationResult",
        "Reel",
        "Scene",
        "Script",
        "SentenceTiming",
        "Timeline",
        "UploadResult",
        "Word",
    ),
    "parts": ("Parts",),
    "runs.folder": ("RunFolder", "open_run"),
    "steps.check": ("check_video",),
    "steps.compose": ("compose_video",),
    "steps.footage": ("fetch_footage",),
    "steps.other_footage": ("other_clips",),
    "steps.script": ("generate_script",),
    "steps.shapes": ("compose_shapes", "in_shape"),
    "steps.strengthen": ("strengthen_captions",),
    "steps.timeline": ("plan_timeline",),
    "steps.timing": ("group_words_into_sentences", "split_cues"),
    "steps.upload": ("upload_video",),
    "steps.voice": ("synthesize_voice",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'reelkit' has no attribute {name!r}")
    return getattr(import_module(f"reelkit.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
