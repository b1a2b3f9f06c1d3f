import re
import shutil
import subprocess
import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest

from reelkit.errors import BrandError
from reelkit.media.fonts import _of_family, families, find_font, font_for, missing_characters, open_font
from reelkit.media.installed_fonts import installed_fonts


@pytest.mark.parametrize("family", families())
def test_every_family_opens_upright_and_draws_latin_itself(family: str) -> None:
    """Every family that comes with Reelkit opens and has the letters of English."""
    face = find_font(family, 800)
    assert "Italic" not in face.path.name
    assert all(font_for(letter, face) == face for letter in "AZaz09.,!?’")
    assert open_font(face) is open_font(face)


def test_weight_is_set_on_variable_axes_in_freetype_too() -> None:
    """A heavier weight of a variable family has wider stems, as drawn."""
    from reelkit.media.ink import glyphs_mask
    from reelkit.media.text import Lettering, shape_line

    def ink(weight: int) -> float:
        line = shape_line(["lI"], Lettering(find_font("Montserrat", weight), 100))
        mask = glyphs_mask(line.words[0].glyphs, 100, 0, 100)
        assert mask is not None
        return float(mask.alpha.sum())

    assert ink(300) < ink(600) < ink(900)


def test_static_family_gives_its_nearest_weight() -> None:
    """A family of single weights gives the file of the nearest one."""
    assert find_font("Poppins", 790).path.name == "Poppins-ExtraBold.ttf"
    assert find_font("Anton", 100).path.name == "Anton-Regular.ttf"


def test_what_stands_in_for_a_display_face_is_bold_too() -> None:
    """Arabic in an Anton reel is as heavy as Anton; in a light Montserrat reel it is light."""
    heavy, light = (font_for("ع", find_font(*asked)) for asked in (("Anton", 400), ("Montserrat", 300)))
    assert heavy is not None and light is not None
    assert dict(heavy.variation)["wght"] > dict(light.variation)["wght"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [("Monserrat", "did you mean 'Montserrat'?"), ("Comic Sans", "known families: Anton"), ("", "known families")],
)
def test_unknown_family_names_the_nearest_or_all(asked: str, said: str) -> None:
    """An unknown family gives one line with a way out."""
    with pytest.raises(BrandError, match="is not a family") as caught:
        find_font(asked)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_bad_font_files_give_one_line(tmp_path: Path) -> None:
    """A missing, mistaken or cut font file gives one line that names it."""
    text = tmp_path / "notes.ttf"
    text.write_text("not a font")
    cut = tmp_path / "cut.ttf"
    cut.write_bytes(find_font("Anton").path.read_bytes()[:300])
    for path in (tmp_path / "gone.otf", text, cut, tmp_path):
        with pytest.raises(BrandError) as caught:
            find_font(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_font_file_can_be_named_by_path() -> None:
    """A path to a font file is taken as it is, its axes at the asked weight."""
    path = find_font("Inter").path
    assert find_font(str(path), 650).variation == (("opsz", 32.0), ("wght", 650.0))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Ångström naïve Ελλάδα Привет", ""),
        ("مرحبا שלום नमस्ते สวัสดี", ""),
        ("🚀 👩‍🚀 👍🏽 🇫🇷 1️⃣ ❤️", ""),
        ("𓀀𓀁 and 𓀀", "𓀀𓀁"),
        ("<b>&amp;</b>", ""),
        ("tab\x00\u200b", ""),
        ("\ud800", "\ud800"),
    ],
)
def test_missing_characters_are_named_once(text: str, missing: str) -> None:
    """Fallbacks draw what a display family lacks, and what none has is named, each once."""
    assert missing_characters(text, find_font("Anton")) == missing


def test_letters_that_come_apart_from_their_accents_are_the_familys_own() -> None:
    """An accent as a character of its own takes a letter to no other font where the family has both as one."""
    poppins = find_font("Poppins", 700)
    assert font_for("\u0301", poppins) != poppins
    assert [font_for(letter, poppins) for letter in ("e\u0301", "o\u0308")] == [poppins] * 2


def test_a_chosen_form_of_a_character_is_drawn() -> None:
    """A character with what selects its form in a name is drawn by the font that has the character."""
    if find_spec("manimgx_fonts_cjk") is None:
        pytest.skip("the fonts for Chinese, Japanese and Korean are not installed")
    inter = find_font("Inter")
    assert font_for("葛\U000e0100", inter) == font_for("葛", inter) is not None
    assert missing_characters("葛\U000e0100飾区", inter) == ""


def test_a_family_installed_on_the_machine_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A family that no wheel brings is found where the system keeps fonts, at its nearest weight; italics and broken files are not."""
    noto = files("manimgx_fonts")
    folder = tmp_path / "fonts" / "noto"
    folder.mkdir(parents=True)
    for name in ("NotoSansLao[wght].ttf", "NotoSans-Italic[wght].ttf"):
        shutil.copy(str(noto / name), folder / name)
    (folder / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    installed_fonts.cache_clear()
    _of_family.cache_clear()
    face = find_font("noto sans lao", 700)
    assert (face.path.parent, face.family, dict(face.variation)["wght"]) == (folder, "Noto Sans Lao", 700.0)
    assert not any("Italic" in font.path.name for fonts in installed_fonts().values() for font in fonts)
    with pytest.raises(BrandError, match=r"did you mean 'Noto Sans Lao'\?"):
        find_font("Noto Sans Loa")
    installed_fonts.cache_clear()


def test_letters_are_drawn_without_any_library_of_the_system() -> None:
    """A process that draws every script and emoji loads nothing but Python's wheels, Python itself and the C library."""
    script = (
        "from tests.media.test_captions import PRESETS, cue, painter\n"
        "for text in ('صباح الخير', 'שלום', 'ज़िंदगी', 'กาแฟ', '今日は', '한국어', 'né 🚀🇫🇷'):\n"
        "    assert painter(PRESETS['karaoke'], cue(text)).sprites(20)\n"
        "print(open('/proc/self/maps').read())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    loaded = {line.split()[-1] for line in done.stdout.splitlines() if ".so" in line}
    own = [path for path in loaded if "site-packages" not in path and not path.startswith((sys.prefix, sys.base_prefix))]
    parts_of_a_slim_machine = re.compile(
        r"/(ld-[^/]*|lib(c|m|dl|rt|pthread|util|resolv|gcc_s|stdc\+\+|z|ffi|bz2|lzma|crypto|ssl|sqlite3|expat|uuid|nss_\w+|python[\d.]+))(-[\d.]+)?\.so"
    )
    assert any("freetype" in path for path in loaded) and any("harfbuzz" in path for path in loaded)
    assert [path for path in own if not parts_of_a_slim_machine.search(path)] == []
