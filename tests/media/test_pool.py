"""Segments among workers: each goes forward, everything is done once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reelkit.media.pool import SegmentJob, _Todo


def _jobs(count: int, left_out: set[int]) -> list[SegmentJob]:
    return [SegmentJob(75 * n, 75 * (n + 1), Path(f"{n}.mp4"), lambda: None) for n in range(count) if n not in left_out]


@given(
    count=st.integers(1, 40), left_out=st.sets(st.integers(0, 39)), turns=st.lists(st.integers(0, 3), max_size=200), most=st.integers(1, 3)
)
def test_every_segment_is_handed_out_once(count: int, left_out: set[int], turns: list[int], most: int) -> None:
    """Whoever comes when, each segment goes to one worker, and none is left; those handed out together follow each other."""
    jobs = _jobs(count, left_out)
    todo = _Todo(jobs)
    last: list[list[SegmentJob]] = [[] for _ in range(4)]
    given_out: list[SegmentJob] = []
    for worker in [*turns, *[0] * (count + 1)]:
        assert todo.is_empty == (len(given_out) == len(jobs))
        last[worker] = todo.take(last[worker], most)
        assert len(last[worker]) <= most
        assert all(before.end == after.start for before, after in pairwise(last[worker]))
        given_out += last[worker]
    assert sorted(job.start for job in given_out) == [job.start for job in jobs]


def test_two_workers_go_forward_through_their_halves() -> None:
    """Where both take the same time, each enters the reel once and goes on from there."""
    todo = _Todo(_jobs(12, set()))
    ways: list[list[int]] = [[], []]
    last: list[list[SegmentJob]] = [[], []]
    for _ in range(6):
        for worker in range(2):
            last[worker] = todo.take(last[worker], 1)
            ways[worker] += [job.start // 75 for job in last[worker]]
    assert ways == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]


def test_another_worker_is_begun_where_it_has_a_stretch_of_its_own() -> None:
    """A few segments in a row are one worker's, who decodes their clip once; far from each other, or many, they are shared."""
    assert [_Todo(_jobs(*jobs)).shares for jobs in ((1, set()), (3, set()), (4, set()), (3, {1}), (12, set()))] == [1, 1, 2, 2, 4]
