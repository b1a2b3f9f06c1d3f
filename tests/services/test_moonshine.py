"""The recogniser: what is said as text, passage by passage, and how likely another text is."""

import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.word_onsets import SCRIPTS, read_script
from reelkit.runs.cache import FileCache
from reelkit.services.moonshine import can_recognise, likelihood, recognise, recogniser_version
from tests.services.voices import spoken

SENTENCES = [read_script(SCRIPTS[number])[0] for number in (0, 11, 12)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FileCache:
    return FileCache(tmp_path_factory.mktemp("cache"))


def bare(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


@pytest.mark.parametrize("by", ["hibari", "piper"])
def test_speech_becomes_text(cache: FileCache, by: str) -> None:
    """Three sentences in one take come back as they were said, in passages of some seconds that cover it, the same each time."""
    samples, rate_hz = spoken(SENTENCES, cache, by=by)
    passages = recognise(samples, rate_hz)
    assert [word for passage in passages for word in bare(passage.text)] == bare(" ".join(SENTENCES))
    assert (passages[0].start, passages[-1].end) == (0, len(samples))
    assert all(before.end == after.start for before, after in pairwise(passages))
    assert all(0 < passage.end - passage.start <= 9.1 * rate_hz for passage in passages)
    assert [passage.text for passage in recognise(samples, rate_hz)] == [passage.text for passage in passages]


def test_what_is_said_is_likelier(cache: FileCache) -> None:
    """The text that is said is likelier than one with another word, one more, or one less, whatever letters these are of."""
    (passage,) = recognise(*spoken(SENTENCES[:1], cache))
    said = likelihood(passage, passage.text)
    assert -5 < said < 0
    for other in ("cheapest", "☕", "", "second second"):
        assert likelihood(passage, passage.text.replace("second", other)) < said - 5


def test_silence_says_little() -> None:
    """A second of nothing is one passage of a few words at the most, and so is no sound at all."""
    for seconds in (1.0, 0.001):
        (passage,) = recognise(np.zeros(int(24000 * seconds), np.float32), 24000)
        assert len(passage.text.split()) <= 3


def test_only_the_model_is_used() -> None:
    """The package that carries the model is not imported, as it would look for a loudspeaker; its version stands in keys."""
    code = (
        "import sys, numpy as np; from reelkit.services.moonshine import recognise; recognise(np.zeros(24000, np.float32), 24000);"
        "assert not {'moonshine_voice', 'sounddevice'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
    assert can_recognise()
    assert recogniser_version().startswith("moonshine-voice 0.0.")
