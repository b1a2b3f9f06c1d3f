from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks._banding import CAMBI_BAR, cambi
from reelkit.errors import BrandError
from reelkit.media.colours import LEAST_CONTRAST
from reelkit.media.encode import EncoderSettings, encode_segment
from reelkit.media.end_card import EndCardPainter
from reelkit.media.legibility import LEAST_LOGO_CONTRAST, mark_contrast, text_contrast
from reelkit.media.logo import load_logo
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Cover, Planes, planes_to_rgb
from reelkit.media.svg import text_not_as_asked
from reelkit.model import EndCard, Fps, LogoOverlay, Overlay, Palette, ProgressBar
from tests.media.golden import assert_golden, small

FPS = Fps(num=30)
PALETTE = Palette(background="#16120E", surface="#33261B", primary="#C8742B", accent="#F2B441", text="#FFF4E4")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 20">{}</svg>'
MARK = SVG.format('<circle cx="10" cy="10" r="9" fill="#C8742B"/><rect x="22" y="4" width="16" height="12" rx="3" fill="#FFF4E4"/>')


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    path = tmp_path / "logo.svg"
    path.write_text(MARK)
    return path


def painter(*overlays: Overlay) -> OverlayPainter:
    return OverlayPainter(overlays, width_px=1080, height_px=1920, fps=FPS)


def drawn(overlays: OverlayPainter, frame: int, colour: str = "#5A7FA8") -> Planes:
    planes = Planes.filled(1080, 1920, colour)
    for layer in overlays.sprites(frame):
        layer.blend(planes)
    return planes


def bar(**changes: object) -> ProgressBar:
    return ProgressBar(**({"start": 0, "end": 90, "y_px": 254, "colour": "#F2B441", "track_colour": "#FFFFFF"} | changes))


def card(**changes: object) -> EndCard:
    fields = {
        "start": 0,
        "end": 72,
        "title": "Brew it fresh, every morning",
        "subtitle": "northwind.example",
        "font": "Poppins",
        "palette": PALETTE,
    }
    return EndCard(**(fields | changes))


def test_an_encoded_end_card_does_not_band(tmp_path: Path) -> None:
    """At rest over a picture that moves, encoded as a reel is, the card's slow light has no bands that anybody would see."""
    overlays, path = painter(card()), tmp_path / "card.mp4"
    frames = [drawn(overlays, 60, f"#{40 + 4 * number:02X}6080") for number in range(6)]
    encode_segment(frames, path, size_px=(1080, 1920), fps=FPS, settings=EncoderSettings())
    assert max(cambi(path, every=5)) <= CAMBI_BAR


def mark(path: Path, **changes: object) -> LogoOverlay:
    box = {"x_px": 60, "y_px": 286, "width_px": 160, "height_px": 160}
    return LogoOverlay(**({"path": path, "sha256": "", "start": 0, "end": 60} | box | changes))


def test_end_card_draws_its_golden_frame(logo: Path, pytestconfig: pytest.Config) -> None:
    """The end card at rest is as it was once looked at and found good."""
    picture = planes_to_rgb(drawn(painter(card(logo_path=logo)), 60))
    assert_golden(small(picture, 0.2), "overlays/end_card", pytestconfig)


def test_end_card_comes_in_and_then_rests(logo: Path) -> None:
    """The card covers more with every frame of its fade, its pieces follow, and at rest nothing changes."""
    overlays = painter(card(logo_path=logo, fade_frames=8))
    opacities = [layer.opacity for frame in range(12) for layer in overlays.sprites(frame) if isinstance(layer, Cover)]
    assert opacities == sorted(opacities) and opacities[0] < 0.1 < 0.9 < opacities[-1]
    counts = [len(overlays.sprites(frame)) for frame in range(40)]
    assert counts == sorted(counts) and counts[0] == 1 and counts[-1] == 5
    assert drawn(overlays, 50).tobytes() == drawn(overlays, 71).tobytes()
    assert overlays.sprites(72) == []


LIGHT = Palette(background="#FFF6F9", surface="#FDE7EF", primary="#F7C6D9", accent="#BFE3E0", text="#8A8A99")
NEAR = Palette(background="#33261B", surface="#4A3A2C", primary="#6B5238", accent="#8A6A48", text="#7A6A58")


@pytest.mark.parametrize("palette", [PALETTE, LIGHT, NEAR])
@pytest.mark.parametrize("picture", ["#000000", "#FFFFFF"])
def test_the_lines_of_an_end_card_are_clear_in_any_palette(palette: Palette, picture: str) -> None:
    """Title and subtitle have 4.5:1 to the card, whatever picture shines through, and are the palette's text where that suffices."""
    overlays = painter(card(palette=palette))
    planes = drawn(overlays, 60, picture)
    found = [text_contrast(planes, *mark[2:]) for mark in overlays.marks(0)]
    assert len(found) == 2 and all(each is not None and each.low >= LEAST_CONTRAST for each in found)


def test_emoji_on_an_end_card_are_no_letters() -> None:
    """How clear a line is tells of its letters: a dark heart on a dark card is not among them, and a line of emoji alone has none."""
    plain, hearted = (painter(card(title=title)) for title in ("Go", "Go \U0001f5a4"))
    letters, beside = (overlays.marks(0)[0].fill for overlays in (plain, hearted))
    assert abs(beside.shape[1] - letters.shape[1]) <= 2 and beside.sum() == pytest.approx(letters.sum(), rel=0.03)
    assert len(painter(card(title="\U0001f5a4")).marks(0)) == len(plain.marks(0)) - 1


@pytest.mark.parametrize(("palette", "colour", "plated"), [(LIGHT, "#101010", False), (PALETTE, "#101010", True), (LIGHT, "#FFFFFF", True)])
def test_a_logo_that_drowns_on_the_end_card_gets_a_plate(tmp_path: Path, palette: Palette, colour: str, plated: bool) -> None:
    """A dark logo stands on a light card as it is, on a dark one on a plate, on which it is clear; likewise a white one on a light card."""
    path = tmp_path / "logo.svg"
    path.write_text(SVG.format(f'<path fill="{colour}" d="M4 4h10v12h-10zM20 4h14v4h-14z"/>'))
    overlays = painter(card(palette=palette, logo_path=path))
    logo = overlays.marks(0)[0]
    assert logo.is_logo and bool(logo.fill.mean() > 0.9) == plated
    ratio = mark_contrast(drawn(overlays, 60, "#000000"), *logo[2:])
    assert ratio is not None and ratio >= LEAST_LOGO_CONTRAST


@pytest.mark.parametrize(("halo", "plated"), [(0.3, True), (0.5, True), (1.0, False)])
def test_a_logo_on_an_end_card_is_judged_as_it_is_measured(tmp_path: Path, halo: float, plated: bool) -> None:
    """A white logo on a light card is clear by a faint dark halo only where that is as wide as one looks around a mark of the frame."""
    path, shape = tmp_path / "logo.svg", "M4 4h10v12h-10zM20 4h14v4h-14z"
    around = f'<path fill="none" stroke="#000000" stroke-opacity="0.48" stroke-width="{halo}" d="{shape}"/>'
    path.write_text(SVG.format(f'{around}<path fill="#FFFFFF" d="{shape}"/>'))
    overlays = painter(card(palette=LIGHT, logo_path=path))
    logo = overlays.marks(0)[0]
    assert bool(logo.fill.mean() > 0.9) == plated
    ratio = mark_contrast(drawn(overlays, 60, "#000000"), *logo[2:])
    assert ratio is not None and ratio >= LEAST_LOGO_CONTRAST


def test_end_card_without_fade_stands_at_once(logo: Path) -> None:
    """With no fade (reduced motion) the card's first frame is its last."""
    overlays = painter(card(logo_path=logo, fade_frames=0))
    assert drawn(overlays, 0).tobytes() == drawn(overlays, 71).tobytes()


@settings(max_examples=15, deadline=None)
@given(
    title=st.one_of(
        st.text(max_size=60), st.lists(st.sampled_from(["Join", "the", "20-minute", "challenge", "صباح", "🚀"]), max_size=30).map(" ".join)
    ),
    subtitle=st.text(max_size=40),
)
@example(title="W" * 300, subtitle="w" * 300)
@example(title="word " * 400, subtitle="")
@example(title="漢字", subtitle="")
def test_end_card_leaves_captions_their_place(title: str, subtitle: str) -> None:
    """Whatever it says, the card's pieces stay in the safe zone and above y = 1150."""
    ((kind, (left, top, right, bottom)),) = painter(card(title=title, subtitle=subtitle)).boxes()
    assert kind == "end_card"
    assert left >= 179 and right <= 901 and top >= 248 and bottom <= 1152


@pytest.mark.parametrize("size", [(1080, 1920), (1080, 1350), (1080, 1080), (1920, 1080)])
@pytest.mark.parametrize(
    "subtitle",
    [
        "instagram.com/northwindcoffee",
        "Order online at www.northwindcoffee.com today",
        "@northwind_coffee_roasters_bristol",
        "https://www.northwind-coffee-roasters.example.com/shop/beans",
        "Find us at 12 Harbour Street, Bristol and online, open every day from seven",
        "اطلب الآن من موقعنا على الإنترنت كل يوم",
        "オンラインショップで今すぐご注文いただけます。",
    ],
)
def test_end_card_shows_its_second_line_whole(subtitle: str, size: tuple[int, int]) -> None:
    """Addresses, handles and sentences are set smaller or on more lines before anything of them is cut."""
    one = EndCardPainter(card(subtitle=subtitle), width_px=size[0], height_px=size[1], fps=FPS)
    assert one.cut_texts == ()
    left, top, right, bottom = one.box
    assert left >= size[0] / 6 - 2 and right <= size[0] * 5 / 6 + 2 and one.zone[0] - 2 <= top and bottom <= one.zone[1] + 2
    assert EndCardPainter(card(subtitle=subtitle * 20), width_px=size[0], height_px=size[1], fps=FPS).cut_texts == (subtitle * 20,)


def test_end_card_fills_its_lines_before_anything_is_cut() -> None:
    """A word of 22 letters and more goes on in the next line; what is too long even so fills three lines or more."""
    whole = EndCardPainter(card(subtitle="n" * 60), width_px=1080, height_px=1920, fps=FPS)
    assert whole.cut_texts == () and len({word.line for word in whole._subtitle(3).words}) > 1
    cut = EndCardPainter(card(subtitle="n" * 300), width_px=1080, height_px=1920, fps=FPS)
    assert cut.cut_texts == ("n" * 300,) and {word.line for word in cut._subtitle(3).words} >= {0, 1, 2}


@pytest.mark.parametrize(
    ("size", "title", "lines"),
    [
        (
            (1080, 1920),
            "Summer Sale ☀️ up to 70% off — only until 31 August 2026 at all stores",
            ["Summer Sale ☀️ up", "to 70% off — only", "until 31 August 2026", "at all stores"],
        ),
        ((1920, 1080), "Bloom & Co. Naturkosmetikmanufaktur", ["Bloom & Co.", "Naturkosmetikmanufaktur"]),
        ((1080, 1920), "Ein Vergleich von Süd-West GmbH & Co. KG", ["Ein Vergleich", "von Süd-West", "GmbH & Co. KG"]),
        ((1080, 1920), "Don't wait – it's now…", ["Don't wait –", "it's now…"]),
        ((1080, 1920), "@northwind.coffee · +49 30 1234567", ["@northwind.coffee ·", "+49 30 1234567"]),
    ],
)
def test_end_card_breaks_its_title_as_captions_break(size: tuple[int, int], title: str, lines: list[str]) -> None:
    """Lines are even, with dates, names and numbers whole, marks between things at a line's end, and no short word left alone."""
    one = EndCardPainter(card(title=title, font="Montserrat"), width_px=size[0], height_px=size[1], fps=FPS, language="de")
    top, bottom = one.zone
    (shape, _), _ = one._fitting(bottom - top)
    placed = one._title(*shape).words
    shown = {line: dict.fromkeys(word.index for word in placed if word.line == line) for line in range(placed[-1].line + 1)}
    assert [" ".join(title.split()[index] for index in indices) for indices in shown.values()] == lines


def test_end_card_is_in_the_letters_of_the_reel_s_language() -> None:
    """Characters alone are Japan's in a Japanese reel and China's in others; a long word is parted as the language parts it."""
    kanji = card(title="直火骨海角", subtitle="", fade_frames=0)
    words = card(title="Rechtsschutzversicherungen", subtitle="", fade_frames=0, font="Montserrat")

    def at_rest(one: EndCard, language: str) -> bytes:
        return drawn(OverlayPainter((one,), width_px=1080, height_px=1920, fps=FPS, language=language), 60).tobytes()

    assert at_rest(kanji, "ja") != at_rest(kanji, "zh") == at_rest(kanji, "en") == at_rest(kanji, "")
    assert at_rest(words, "de") != at_rest(words, "") and at_rest(card(), "de") == at_rest(card(), "")


def test_end_card_is_drawn_once_at_rest(logo: Path) -> None:
    """Nothing of a card at rest is drawn again from frame to frame: its pieces are blended as they are."""
    overlays = painter(card(logo_path=logo))
    (_, *pieces), (_, *others) = overlays.sprites(60), overlays.sprites(61)
    assert len(pieces) >= 3
    assert [*map(id, pieces)] == [*map(id, others)]


def test_progress_bar_grows_smoothly_and_fills() -> None:
    """The bar's lit part grows every frame by the same share, from a dot to its whole length."""
    overlays = painter(bar())
    left, top, right, bottom = overlays.boxes()[0][1]
    assert (left, top, right, bottom) == (60, 254, 900, 262)
    lit = [float((drawn(overlays, frame).u[top // 2 + 1].astype(int) < 100).sum()) for frame in (0, 20, 40, 60, 80)]
    assert np.allclose(np.diff(lit), (right - left) / 2 * 20 / 90, atol=3) and lit[0] < 12
    last = planes_to_rgb(drawn(overlays, 84))[258]
    assert last[70, 2] < 120 and last[right - 60, 2] < 120


def test_logo_fits_its_box_and_leaves_softly(logo: Path) -> None:
    """A logo keeps its proportions in its box, and in its last frames it fades."""
    overlays = painter(mark(logo))
    assert overlays.boxes() == [("logo", (60, 286, 220, 366))]
    strengths = [int(np.ptp(drawn(overlays, frame).y)) for frame in (30, 55, 57, 59)]
    assert strengths == sorted(strengths, reverse=True) and strengths[0] > 2 * strengths[-1] > 0
    assert overlays.sprites(60) == []


def test_opacity_of_a_logo_counts(logo: Path) -> None:
    """A fainter logo changes the frame less."""
    faint, full = (int(np.ptp(drawn(painter(mark(logo, opacity=opacity)), 10).y)) for opacity in (0.3, 1.0))
    assert faint < 0.5 * full


def test_layers_are_the_same_every_time(logo: Path) -> None:
    """Two painters draw the same bytes on any frame, whatever they drew before."""
    overlays: tuple[Overlay, ...] = (mark(logo, end=40), bar(end=40), card(start=36, end=90, logo_path=logo))
    played, opened = painter(*overlays), painter(*overlays)
    for frame in range(0, 45):
        last = drawn(played, frame)
    assert drawn(opened, 44).tobytes() == last.tobytes()


def test_cover_mixes_by_its_opacity() -> None:
    """A cover at 0 leaves a frame, at 1 replaces it, and between mixes to within a rounding."""
    cover = Planes.filled(8, 8, "#FFFFFF")
    for opacity in (0.0, 0.25, 0.5, 1.0):
        planes = Planes.filled(8, 8, "#203040")
        expected = planes.y[0, 0] * (1 - opacity) + cover.y[0, 0] * opacity
        Cover(cover, opacity).blend(planes)
        assert abs(float(planes.y[0, 0]) - expected) <= 1


def test_svg_is_drawn_premultiplied_and_to_size(tmp_path: Path) -> None:
    """An SVG fills its box one way, and half-transparent red is stored premultiplied."""
    path = tmp_path / "half.svg"
    path.write_text(SVG.format('<rect width="40" height="20" fill="#f00" fill-opacity="0.5"/>'))
    picture = load_logo(path, 200, 400)
    assert picture.shape == (100, 200, 4) and picture[50, 100].tolist() == [128, 0, 0, 128]


def test_another_logo_under_the_same_name_is_drawn(tmp_path: Path) -> None:
    """A file that is replaced while a notebook stays open is seen at once."""
    path = tmp_path / "logo.svg"
    for colour, seen in (("#f00", [255, 0, 0]), ("#00f8", [0, 0, 136])):
        path.write_text(SVG.format(f'<rect width="40" height="20" fill="{colour}"/>'))
        assert load_logo(path, 20, 20)[5, 10, :3].tolist() == seen


def test_png_with_hidden_colours_has_clean_edges(tmp_path: Path) -> None:
    """Colours under full transparency do not bleed into a resized logo's edges."""
    path = tmp_path / "logo.png"
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., :3] = (0, 255, 0)  # BGR: green everywhere, but seen nowhere
    pixels[16:48, 16:48] = (255, 255, 255, 255)
    cv2.imwrite(str(path), pixels)
    picture = load_logo(path, 37, 37).astype(int)
    assert np.abs(picture[..., 0] - picture[..., 1]).max() <= 2 and (picture[..., :3] <= picture[..., 3:]).all()


def test_svg_text_is_set_in_families_from_wheels_only(tmp_path: Path) -> None:
    """Text in an SVG is drawn in a family that comes with Reelkit, so it looks the same on every machine."""
    path = tmp_path / "text.svg"
    path.write_text(SVG.format('<text x="1" y="15" font-family="Anton" font-size="14">NW</text>'))
    assert load_logo(path, 80, 40)[..., 3].any()


@pytest.mark.parametrize(
    ("asked", "drawn_as", "told"),
    [
        ('font-family="Arial"', "Inter", "asks for 'Arial', which is not here; drawn in Inter"),
        (
            "style=\"font-family:'Helvetica Neue',Arial,sans-serif\"",
            "Inter",
            "asks for 'Helvetica Neue', which is not here; drawn in Inter",
        ),
        ('style="font: bold 14px Futura, Anton"', "Anton", "asks for 'Futura', which is not here; drawn in Anton"),
        ('font-family="Georgia, serif"', "Playfair Display", "asks for 'Georgia', which is not here; drawn in Playfair Display"),
        ('font-family="serif"', "Playfair Display", ""),
        ('font-family="monospace"', "IBM Plex Mono", ""),
        ('font-family="system-ui, sans-serif"', "Inter", ""),
        ("", "Inter", ""),
    ],
)
def test_svg_text_in_a_family_that_is_not_here_is_drawn_in_another_and_told(tmp_path: Path, asked: str, drawn_as: str, told: str) -> None:
    """Text in a family that no wheel has keeps its letters, in the one that stands in, and a line tells; a generic family asks for none."""
    weight = 'font-weight="700"' if "bold" in asked else ""
    path, twin = tmp_path / "text.svg", tmp_path / "twin.svg"
    path.write_text(SVG.format(f'<text x="1" y="15" font-size="14" {asked}>NW</text>'))
    twin.write_text(SVG.format(f'<text x="1" y="15" font-size="14" font-family="{drawn_as}" {weight}>NW</text>'))
    assert np.array_equal(load_logo(path, 80, 40), load_logo(twin, 80, 40))
    assert text_not_as_asked(path.read_bytes()).removeprefix("its text ") == told


def test_svg_text_in_other_scripts_falls_back_as_captions_do(tmp_path: Path) -> None:
    """Letters that a logo's family lacks come from the Noto fonts, whatever stands on the machine; what none has is told."""
    path = tmp_path / "text.svg"
    path.write_text(SVG.format('<text x="2" y="15" font-family="Anton" font-size="12">قهوة</text>'), encoding="utf-8")
    assert load_logo(path, 80, 40)[..., 3].any() and text_not_as_asked(path.read_bytes()) == ""
    path.write_text(SVG.format('<text x="2" y="15" font-family="Anton" font-size="12">A𓀀</text>'), encoding="utf-8")
    assert text_not_as_asked(path.read_bytes()) == "no font draws 𓀀"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("logo.png", b"hello", "is no image"),
        ("logo.png", b"", "is no image"),
        ("logo.svg", b"hello", "is not an SVG"),
        ("logo.svg", b"<html/>", "is XML but no SVG"),
        ("logo.svg", b"\xff\xfe\x00", "is not an SVG"),
        ("logo.svg", SVG.format("").encode(), "is empty"),
        ("logo.svg", SVG.format('<image href="/etc/passwd" width="9" height="9"/>').encode(), "refers to another file"),
        ("logo.svg", SVG.format('<image xlink:href="red.png" width="9" height="9"/>').encode(), "refers to another file"),
        ("logo.svg", SVG.format('<image href="http://localhost/x.png" width="9" height="9"/>').encode(), "refers to another file"),
        (
            "logo.svg",
            SVG.format('<image href="data:image/svg+xml;base64,PHN2Zy8+" width="9" height="9"/>').encode(),
            "refers to another file",
        ),
        ("logo.svg", SVG.format("<style>@import url(http://localhost/x.css);</style>").encode(), "refers to another file"),
        ("logo.svg", SVG.format('<rect width="9" height="9" fill="url(other.svg#a)"/>').encode(), "refers to another file"),
        ("logo.svg", b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("").encode(), "declares XML entities"),
    ],
)
def test_a_logo_that_is_none_gives_one_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """A logo that is no image, or wants other files, gives one line with its path, before anything is drawn."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BrandError) as caught:
        painter(mark(path))
    assert said in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_cut_or_missing_logo_gives_one_line(tmp_path: Path) -> None:
    """A PNG that ends too soon, and a path with nothing there, give one line."""
    whole = cv2.imencode(".png", np.random.Generator(np.random.PCG64(1)).integers(0, 255, (64, 64, 3), np.uint8))[1].tobytes()
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole[: len(whole) // 2])
    for path in (cut, tmp_path / "gone.svg", tmp_path):
        with pytest.raises(BrandError) as caught:
            load_logo(path, 64, 64)
        assert str(path) in str(caught.value)
