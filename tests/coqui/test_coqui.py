"""Coqui in an environment of its own: small models, built here with untrained weights, through Coqui's own loading code."""

import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models
from TTS.tts.configs.fast_pitch_config import FastPitchConfig
from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models import setup_model
from TTS.tts.models.forward_tts import ForwardTTSArgs

from reelkit.errors import AudioError, VoiceError
from reelkit.runs.cache import FileCache
from reelkit.services import coqui
from reelkit.services.coqui import CoquiVoice
from tests.services.voices import read_mono, spoken, write_sound

TEXT = "Honey never spoils, and bees know it."
SMALL = {"hidden_channels": 32, "num_layers_text_encoder": 1}


def write_model(folder: Path, config: object) -> Path:
    torch.manual_seed(3)
    model = setup_model(config)
    folder.mkdir(exist_ok=True)
    model.config.save_json(str(folder / "config.json"))
    torch.save({"model": model.state_dict(), "config": model.config.to_dict(), "step": 1}, folder / "model.pth")
    return folder


@pytest.fixture(scope="module")
def vits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VITS of a few thousand weights: untrained it hums, and knows how long it hums each letter."""
    args = VitsArgs(
        **SMALL,
        hidden_channels_ffn_text_encoder=32,
        num_layers_posterior_encoder=1,
        num_layers_flow=1,
        upsample_initial_channel_decoder=32,
        resblock_kernel_sizes_decoder=[3],
        resblock_dilation_sizes_decoder=[[1, 3, 5]],
        use_sdp=False,
        init_discriminator=False,
    )
    config = VitsConfig(model_args=args, text_cleaner="basic_cleaners", add_blank=True, phoneme_language="en-us")
    return write_model(tmp_path_factory.mktemp("vits"), config)


@pytest.fixture(scope="module")
def fast_pitch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    args = ForwardTTSArgs(hidden_channels=32, use_aligner=False)
    for name in ("encoder_params", "decoder_params"):
        getattr(args, name).update(num_layers=1, hidden_channels_ffn=32)
    config = FastPitchConfig(model_args=args, text_cleaner="basic_cleaners", phoneme_language="en-us", use_phonemes=False)
    return write_model(tmp_path_factory.mktemp("fast_pitch"), config)


@pytest.fixture(scope="module")
def xtts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An XTTS of two speakers and two languages that says noise; beside its checkpoint lie weights of other things, as in its releases."""
    folder = tmp_path_factory.mktemp("xtts")
    symbols = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[en]", "[fr]", *"abcdefghijklmnopqrstuvwxyz.,!?'-"]
    tokens = Tokenizer(models.BPE(vocab={symbol: index for index, symbol in enumerate(symbols)}, merges=[], unk_token="[UNK]"))
    tokens.add_special_tokens([symbol for symbol in symbols if len(symbol) > 1])
    tokens.save(str(folder / "vocab.json"))
    args = XttsArgs(
        gpt_layers=1,
        gpt_n_model_channels=32,
        gpt_n_heads=2,
        gpt_max_audio_tokens=60,
        gpt_num_audio_tokens=66,
        gpt_start_audio_token=64,
        gpt_stop_audio_token=65,
        gpt_use_perceiver_resampler=True,
        decoder_input_dim=32,
    )
    torch.manual_seed(3)
    model = setup_model(XttsConfig(model_args=args, languages=["en", "fr"]))
    model.tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
    model.init_models()
    model.config.save_json(str(folder / "config.json"))
    torch.save({"model": model.state_dict(), "config": model.config.to_dict(), "step": 1}, folder / "model.pth")
    speakers = {
        name: {"gpt_cond_latent": torch.randn(1, 32, 32), "speaker_embedding": torch.randn(1, 512, 1)}
        for name in ("Ana Florence", "Bo Reed")
    }
    torch.save(speakers, folder / "speakers_xtts.pth")
    torch.save({"other": torch.zeros(1)}, folder / "dvae.pth")
    return folder


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a real voice: the built-in one."""
    folder = tmp_path_factory.mktemp("sample")
    said = "Cold brew takes time, so give it a whole night in the fridge, and do not stir it."
    return write_sound(folder / "me.wav", *spoken([said], FileCache(folder)))


def voice(folder: Path, cache: Path, **how: object) -> CoquiVoice:
    return CoquiVoice(str(folder), cache=FileCache(cache), pace=len, read=read_mono, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["vits", "fast_pitch"])
def test_words_come_from_the_models_durations(model: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every word is timed by durations, in order, and they end within the sound."""
    (breath,) = voice(request.getfixturevalue(model), tmp_path).speak(TEXT)
    assert [word.text for word in breath.words] == TEXT.split()
    assert {word.timed_by for word in breath.words} == {"durations"}
    assert breath.rate_hz == 22050
    assert all(before.end <= after.start for before, after in pairwise(breath.words))
    assert breath.words[-1].end <= len(breath.samples)


def test_durations_are_exact(vits: Path) -> None:
    """A VITS' sound is as long as its durations say: each frame 256 samples; its tokens are those of the text, a blank between any two."""
    model = coqui._load(str(vits), "untouched")
    samples, frames, tokens, alone = model.say(TEXT.split(), language="en", speed=1.0, speaker="", sample=None, seed=0)
    assert frames is not None
    assert len(samples) == 256 * int(frames.sum())
    assert len(tokens) == len(frames) == 2 * len(TEXT) + 1
    assert "".join(tokens) == TEXT.lower()
    assert ["".join(word) for word in alone] == TEXT.lower().split()


def test_a_words_span_is_its_letters(vits: Path, tmp_path: Path) -> None:
    """The onset of each word is the sum of the durations before its first letter, to the sample."""
    model = coqui._load(str(vits), "untouched")
    _, frames, tokens, _ = model.say(TEXT.split(), language="en", speed=1.0, speaker="", sample=None, seed=0)
    assert frames is not None
    firsts = [2 * TEXT.index(word) + 1 for word in TEXT.split()]
    assert [tokens[first] for first in firsts] == [word[0].lower() for word in TEXT.split()]
    spans = {
        piece.owners[0][0]: piece.start
        for piece in coqui._pieces(tokens, [list(word.lower()) for word in TEXT.split()], frames, 256 * int(frames.sum()))
    }
    assert [spans[index] for index in range(len(firsts))] == [256 * int(frames[:first].sum()) for first in firsts]


def test_speed_scales_the_sound(vits: Path, tmp_path: Path) -> None:
    """Half the speed takes longer, twice the speed shorter; durations are whole frames, so not to the frame."""
    lengths = [len(voice(vits, tmp_path).speak(TEXT, speed=speed)[0].samples) for speed in (0.5, 1.0, 2.0)]
    assert lengths[0] > 1.4 * lengths[1]
    assert lengths[1] >= lengths[2]


def test_the_same_text_gives_the_same_samples(vits: Path, tmp_path: Path) -> None:
    """Another cache makes the same, another seed something else; what was spoken is kept."""
    (first,) = voice(vits, tmp_path / "a").speak(TEXT)
    (again,) = voice(vits, tmp_path / "b").speak(TEXT)
    (other,) = voice(vits, tmp_path / "a", seed=1).speak(TEXT)
    assert first.samples.tobytes() == again.samples.tobytes() != other.samples.tobytes()
    voice(vits, tmp_path / "a").speak(TEXT)
    assert len(list((tmp_path / "a").glob("speech/*/*.npz"))) == 2


def test_a_model_loads_once(vits: Path, tmp_path: Path) -> None:
    """Two voices on one model share it for the life of the process."""
    voice(vits, tmp_path / "a").speak("One.")
    loaded = coqui._load.cache_info().misses
    voice(vits, tmp_path / "b").speak("Two.")
    assert coqui._load.cache_info().misses == loaded


def test_a_model_that_is_exported_again_speaks_anew(vits: Path, tmp_path: Path) -> None:
    """Another model in the same folder is heard at once, by a process that spoke with the one before."""
    folder = Path(shutil.copytree(vits, tmp_path / "model"))
    (before,) = voice(folder, tmp_path / "cache").speak(TEXT)
    kept = torch.load(folder / "model.pth")
    kept["model"] = {name: weights * 1.01 if weights.is_floating_point() else weights for name, weights in kept["model"].items()}
    torch.save(kept, folder / "model.pth")
    (after,) = voice(folder, tmp_path / "cache").speak(TEXT)
    assert before.samples.tobytes() != after.samples.tobytes()


def test_a_sentence_without_a_sound_is_silent(vits: Path, tmp_path: Path) -> None:
    """Words that say nothing are given their time all the same."""
    (breath,) = voice(vits, tmp_path).speak("— 🎉")
    assert not breath.samples.any()
    assert [word.timed_by for word in breath.words] == ["estimated", "estimated"]


def test_what_a_model_cannot_do_is_said(vits: Path, sample: Path, tmp_path: Path) -> None:
    """A speaker that is not there, a sample for a model that cannot clone, and another language are one line each."""
    with pytest.raises(VoiceError, match=r"voice\.speaker is 'anna'; Coqui's model .* has: one voice only"):
        voice(vits, tmp_path, speaker="anna").speak(TEXT)
    with pytest.raises(VoiceError, match=r"voice\.sample is given, but Coqui's model .* cannot clone a voice"):
        voice(vits, tmp_path, sample=sample).speak(TEXT)
    with pytest.raises(VoiceError, match=r"language is 'fi'; Coqui's model .* speaks en-us: set language or voice\.name"):
        voice(vits, tmp_path).speak(TEXT, language="fi")


def test_a_folder_that_is_no_model(vits: Path, tmp_path: Path) -> None:
    """No folder, an empty one, and a damaged checkpoint are one line each."""
    with pytest.raises(VoiceError, match=r"no model of Coqui's: name a folder with a \.pth file"):
        voice(tmp_path / "none", tmp_path)
    (tmp_path / "config.json").write_bytes((vits / "config.json").read_bytes())
    (tmp_path / "model.pth").write_bytes(b"not weights")
    with pytest.raises(VoiceError, match=r"Coqui's model .* cannot be loaded") as caught:
        voice(tmp_path, tmp_path / "cache").speak(TEXT)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("raise OSError('Could not load this library: _torchaudio.so')", "does not match torch 2."),
        ("raise AttributeError('no such operator')", "install the two of one version: pip install torch=="),
    ],
)
def test_torch_that_does_not_match_is_one_line(vits: Path, tmp_path: Path, broken: str, line: str) -> None:
    """Where torchaudio fails to load beside torch, as wheels of two versions do, the line says what to install."""
    package = tmp_path / "torchaudio"
    package.mkdir()
    (package / "__init__.py").write_text(broken)
    script = (
        "import sys; from pathlib import Path; from reelkit.runs.cache import FileCache; from reelkit.services.coqui import CoquiVoice\n"
        "try: CoquiVoice(sys.argv[1], cache=FileCache(Path('c')), pace=len, read=None).refuse('en')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    ran = subprocess.run(
        [sys.executable, "-c", script, str(vits)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert ran.stdout.startswith("VoiceError torchaudio 2.")
    assert line in ran.stdout
    assert ran.stdout.count("\n") == 1


def test_sound_is_within_bounds(vits: Path, tmp_path: Path) -> None:
    """Samples are float32 between -1 and 1."""
    (breath,) = voice(vits, tmp_path).speak(TEXT)
    assert breath.samples.dtype == np.float32
    assert np.abs(breath.samples).max() <= 1.0


def test_a_model_without_durations_is_aligned(xtts: Path, tmp_path: Path) -> None:
    """XTTS tells no durations: its words are timed in the sound, in order; noise that holds no word is marked as estimated."""
    (breath,) = voice(xtts, tmp_path).speak(TEXT)
    assert [word.text for word in breath.words] == TEXT.split()
    assert {word.timed_by for word in breath.words} <= {"alignment", "estimated"}
    assert all(before.end <= after.start for before, after in pairwise(breath.words))
    assert breath.words[-1].end <= len(breath.samples)
    assert breath.rate_hz == 24000


def test_a_speaker_a_language_and_a_sample_are_heard(xtts: Path, sample: Path, tmp_path: Path) -> None:
    """The first speaker speaks where none is named; another speaker, another language and a cloned voice each sound otherwise."""
    named: list[dict[str, object]] = [{}, {"speaker": "Ana Florence"}, {"speaker": "Bo Reed"}, {"language": "fr"}, {"sample": sample}]
    said = []
    for number, how in enumerate(named):
        language = str(how.get("language", "en"))
        (breath,) = voice(xtts, tmp_path / str(number), **how).speak(TEXT, language=language)
        said.append(breath.samples.tobytes())
    assert said[0] == said[1]
    assert len(set(said)) == 4


def test_speed_reaches_a_model_that_is_aligned(xtts: Path, tmp_path: Path) -> None:
    """Slower takes longer."""
    slow, quick = (len(voice(xtts, tmp_path).speak(TEXT, speed=speed)[0].samples) for speed in (0.5, 2.0))
    assert slow > 1.5 * quick


def test_what_xtts_cannot_do_is_said(xtts: Path, tmp_path: Path) -> None:
    """A speaker and a language that it does not have are one line each, and name those it has."""
    with pytest.raises(VoiceError, match=r"voice\.speaker is 'cleo'; Coqui's model .* has: Ana Florence, Bo Reed"):
        voice(xtts, tmp_path, speaker="cleo").speak(TEXT)
    with pytest.raises(VoiceError, match=r"language is 'fi'; Coqui's model .* speaks en, fr: set language or voice\.name"):
        voice(xtts, tmp_path).speak(TEXT, language="fi")


def test_a_sample_that_is_no_sound_is_one_line(xtts: Path, tmp_path: Path) -> None:
    """A cloning sample that cannot be read is told with its name."""
    (tmp_path / "me.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=r"me\.wav") as caught:
        voice(xtts, tmp_path, sample=tmp_path / "me.wav").speak(TEXT)
    assert "\n" not in str(caught.value)
