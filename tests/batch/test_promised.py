"""The calls that batches promise: their names, order, defaults and results."""

import inspect
from concurrent.futures import Executor
from pathlib import Path
from typing import get_type_hints

import pytest

from reelkit import BatchResult, GenerationResult, generate_batch, generate_for_brands

WELL = GenerationResult(success=True, video_path=Path("reel.mp4"), public_url=None, error=None, duration_ms=5)
ILL = GenerationResult(success=False, video_path=None, public_url=None, error="it has no word", duration_ms=7)


@pytest.mark.parametrize(
    ("call", "first", "returns"),
    [(generate_batch, ["brand", "count"], BatchResult), (generate_for_brands, ["slugs", "count_per_brand"], dict[str, BatchResult])],
)
def test_the_calls_are_as_promised(call: object, first: list[str], returns: object) -> None:
    """Two arguments by place; `upload` False and `executor` None by name only; every other option has a default and comes by name too."""
    assert callable(call)
    signature, hints = inspect.signature(call), get_type_hints(call)
    by_place = [name for name, one in signature.parameters.items() if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    by_name = {name: one.default for name, one in signature.parameters.items() if one.kind is inspect.Parameter.KEYWORD_ONLY}
    assert by_place == first
    assert all(signature.parameters[name].default is inspect.Parameter.empty for name in first)
    assert list(by_name.items())[:2] == [("upload", False), ("executor", None)]
    assert inspect.Parameter.empty not in by_name.values()
    assert (hints["upload"], hints["executor"], hints["return"]) == (bool, Executor | None, returns)


@pytest.mark.parametrize(("results", "well", "ill", "rate"), [((WELL, WELL, ILL, WELL), 3, 1, 0.75), ((ILL,), 0, 1, 0.0), ((), 0, 0, 0.0)])
def test_a_result_counts(results: tuple[GenerationResult, ...], well: int, ill: int, rate: float) -> None:
    """Successes and failures add up, the rate is their share, and of nothing it is 0."""
    result = BatchResult(results=results, total_duration_ms=12)
    assert (result.results, result.total_duration_ms) == (results, 12)
    assert (result.success_count, result.failure_count, result.success_rate) == (well, ill, rate)
    assert result.success_count + result.failure_count == len(results)


def test_each_brand_has_its_result(tmp_path: Path) -> None:
    """Brands come back under what they were asked for as, in that order; one that cannot be loaded fails alone, with a result a reel."""
    told = generate_for_brands(["nobody", "noone.yaml"], 2, outputs=tmp_path)
    assert list(told) == ["nobody", "noone.yaml"]
    for name, result in told.items():
        assert (result.success_count, result.failure_count, result.success_rate) == (0, 2, 0.0)
        assert all(f"brand '{Path(name).stem}'" in (one.error or "") for one in result.results)
