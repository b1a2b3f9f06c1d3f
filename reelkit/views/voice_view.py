"""A voice: one line in several voices, speeds and pauses, to hear and to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reelkit.brand import BrandVoice
from reelkit.media.preview import narration_copy
from reelkit.model import AudioResult, Palette
from reelkit.views.live import LiveView
from reelkit.views.markup import card, facts, fill, heading, plural, table

__all__ = ["VoiceView", "html", "takes_around"]

_TAKEN = ("engine", "name", "speaker", "sample", "model", "base_url", "key_env", "usd_per_million_characters", "speed", "sentence_pause_ms")
"""The fields that tell one take from another."""


def takes_around(voice: BrandVoice) -> list[BrandVoice]:
    """Return a voice as it is, slower, faster, and with other pauses.

    Examples
    --------
    >>> [(take.speed, take.sentence_pause_ms) for take in takes_around(BrandVoice())]
    [(1.0, 220), (0.9, 220), (1.1, 220), (1.0, 120), (1.0, 400)]
    """
    speeds = [voice.model_copy(update={"speed": round(min(max(voice.speed + by, 0.5), 2.0), 2)}) for by in (-0.1, 0.1)]
    pauses = [voice.model_copy(update={"sentence_pause_ms": pause}) for pause in (120, 400)]
    return [voice, *speeds, *pauses]


def html(
    line: str,
    takes: Sequence[tuple[str, BrandVoice]],
    *,
    voices: Sequence[str] = (),
    missing: Sequence[str] = (),
    language: str = "en",
    palette: Palette | None = None,
) -> str:
    """Return takes as HTML.

    Parameters
    ----------
    line : str
    takes : sequence of (str, BrandVoice)
        Each with its voice's name, the brand's own first.
    voices : sequence of str
        Names of all that can speak.
    missing : sequence of str
        What is missing for others.
    language : str
        Of the line.
    palette : Palette, optional
    """
    rows = (
        fill(
            '<tr><th scope="row">{}</th><td class="rk-num">{:g}</td><td class="rk-num">{} ms</td></tr>',
            name,
            take.speed,
            take.sentence_pause_ms,
        )
        for name, take in takes
    )
    said = fill('<p class="rk-say" lang="{}" dir="auto">{}</p>', language, line)
    listed = table("Takes", ["Voice", ("Speed", "rk-num"), ("Pause", "rk-num")], rows)
    others = facts({"Voices": ", ".join(voices) or None, "Not ready": "; ".join(missing) or None}) if voices or missing else ""
    return card("voice", heading("Voice", plural(len(takes), "take")) + said + listed + others, label="Voice", palette=palette)


class VoiceView(LiveView):
    """Hears a line in several ways.

    Parameters
    ----------
    line : str
    voice : BrandVoice
        The brand's.
    say : callable
        Speaks a line with a voice.
    voices : mapping of str to BrandVoice
        To choose from, by name; the brand's own alone where none are given.
    missing : sequence of str
        What is missing for other voices, a line each.
    take : callable, optional
        Called with the brand fields of the take that is chosen, by dotted name: :meth:`reelkit.views.style_view.StyleView.set` fits.
    language : str
    palette : Palette, optional
    """

    def __init__(
        self,
        line: str,
        voice: BrandVoice,
        say: Callable[[str, BrandVoice], AudioResult],
        *,
        voices: Mapping[str, BrandVoice] | None = None,
        missing: Sequence[str] = (),
        take: Callable[[Mapping[str, Any]], object] | None = None,
        language: str = "en",
        palette: Palette | None = None,
    ) -> None:
        self._voices = dict(voices or {f"{voice.engine}/{voice.name}": voice})
        name, first = next(((name, one) for name, one in self._voices.items() if one == voice), next(iter(self._voices.items())))
        self.takes = [(name, take) for take in takes_around(first)]

        def make() -> str:
            return html(line, self.takes, voices=list(self._voices), missing=missing, language=language, palette=palette)

        super().__init__("voice", make, f"<{line!r}>", palette=palette)
        self._line, self._say, self._take, self._missing = line, say, take, list(missing)

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        takes = [{"voice": name, **take.model_dump(include={"speed", "sentence_pause_ms"})} for name, take in self.takes]
        return {
            "line": self._line,
            "takes": takes,
            "voices": list(self._voices),
            "missing": self._missing,
            "can_take": self._take is not None,
        }

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's: a take to hear or to keep."""
        match message:
            case {"say": line, "take": dict(chosen)}:
                audio = self._say(str(line), self._voice_of(chosen))
                told = {"said": line, "take": chosen, "length": audio.duration_s}
                widget.send(told, buffers=[narration_copy(audio.samples, audio.rate_hz)])
            case {"take": dict(chosen)} if self._take is not None:
                voice = self._voice_of(chosen).model_dump(mode="json", include=set(_TAKEN))
                self._take({f"voice.{name}": voice[name] for name in _TAKEN})
                widget.send({"taken": "Taken; save the style to keep it."})

    def _voice_of(self, chosen: Mapping[str, Any]) -> BrandVoice:
        return self._voices[str(chosen["voice"])].model_copy(update={name: chosen[name] for name in ("speed", "sentence_pause_ms")})
