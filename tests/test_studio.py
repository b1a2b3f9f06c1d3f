import json
from pathlib import Path

import pytest

from reelkit.brand import brand_problems, list_brands, load_brand
from reelkit.cli import main
from reelkit.errors import RunError
from reelkit.model import ScriptRequest
from reelkit.parts import Parts
from reelkit.steps.script import generate_script, script_request
from reelkit.studio import Answers, make_studio, palette_of

FACTS = ("We bake at four in the morning", "Our flour comes from one mill.", "The starter is older than the shop.")


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_studio_has_all_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks, demo brands and the new brand are there, every brand file is well, and the deck makes a script of its length."""
    folder = tmp_path / "bakery"
    path = make_studio(
        folder, Answers(name='Bäckerei "Korn" & Co', colour="#A3541C", topic="Bread: slowly", facts=FACTS, hook="Bread waits")
    )
    assert path == folder / "templates/brands/backerei-korn-co.yaml"
    monkeypatch.chdir(folder)
    assert {"backerei-korn-co", "northwind", "orbit", "pulsefit"} <= set(list_brands())
    assert [brand_problems(slug) for slug in list_brands()] == [[] for _ in list_brands()]
    assert (folder / "notebooks/reel.ipynb").is_file()
    assert (folder / "templates/scheduling/crontab").is_file()
    assert "outputs/" in (folder / ".gitignore").read_text()
    brand = load_brand("backerei-korn-co")
    script = generate_script(brand, 1, writer=Parts(brand, outputs=folder / "outputs").writer)
    assert isinstance(script_request(brand, 1), ScriptRequest)
    assert script.topic == "Bread: slowly"
    assert [scene.text for scene in script.scenes][:2] == ["Bread waits.", "We bake at four in the morning."]


@pytest.mark.parametrize("colour", ["#000000", "#FFFFFF", "#FF0000", "#FFFF00", "#2F6FC4", "#123456"])
def test_any_colour_gives_a_palette_that_can_be_read(colour: str) -> None:
    """Text and accent stand out from the grounds by 4.5 to 1 or more, whatever the brand's colour is."""
    palette = palette_of(colour)
    assert palette.primary == colour
    for light in (palette.text, palette.accent):
        for dark in (palette.background, palette.surface):
            assert (luminance(light) + 0.05) / (luminance(dark) + 0.05) >= 4.5, (light, dark)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder that holds something else, or the brand already, is left as it is; a studio takes another brand."""
    folder = tmp_path / "studio"
    path = make_studio(folder, Answers(name="Acme"))
    path.write_text(path.read_text() + "# mine\n")
    with pytest.raises(RunError, match=r"acme\.yaml is there already; choose another name"):
        make_studio(folder, Answers(name="ACME"))
    second = make_studio(folder, Answers(name="Beta"))
    assert second.is_file()
    assert path.read_text().endswith("# mine\n")
    other = tmp_path / "papers"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match="is not empty and holds no studio"):
        make_studio(other, Answers(name="Acme"))
    assert [each.name for each in other.iterdir()] == ["letter.txt"]


def test_init_from_flags_is_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`reelkit init DIR --name ... --json` tells the brand's file."""
    facts = [part for fact in FACTS for part in ("--fact", fact)]
    assert main(["init", str(tmp_path / "s"), "--name", "Acme", "--colour", "#2f8f5b", "--topic", "Bread", *facts, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["brand"] == "acme"
    assert Path(told["file"]).is_file()
