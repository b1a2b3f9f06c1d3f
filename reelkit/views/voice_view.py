"""A voice: one line in several voices, speeds and pauses, to hear and to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reelkit.brand import BrandVoice
from reelkit.media.preview import narration_copy
from reelkit.model import AudioResult, Palette
from reelkit.views.live import LiveView
from reelkit.views.markup import card, fill, heading, plural, table

__all__ = ["VoiceView", "html", "takes_around"]

FIELDS = ("engine", "name", "speed", "sentence_pause_ms")


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


def html(line: str, takes: Sequence[BrandVoice], *, language: str = "en", palette: Palette | None = None) -> str:
    """Return takes as HTML.

    Parameters
    ----------
    line : str
    takes : sequence of BrandVoice
        The brand's own first.
    language : str
        Of the line.
    palette : Palette, optional
    """
    rows = (
        fill(
            '<tr><th scope="row">{}/{}</th><td class="rk-num">{:g}</td><td class="rk-num">{} ms</td></tr>',
            take.engine,
            take.name,
            take.speed,
            take.sentence_pause_ms,
        )
        for take in takes
    )
    said = fill('<p class="rk-say" lang="{}" dir="auto">{}</p>', language, line)
    listed = table("Takes", ["Voice", ("Speed", "rk-num"), ("Pause", "rk-num")], rows)
    return card("voice", heading("Voice", plural(len(takes), "take")) + said + listed, label="Voice", palette=palette)


class VoiceView(LiveView):
    """Hears a line in several ways.

    Parameters
    ----------
    line : str
    voice : BrandVoice
        The brand's.
    say : callable
        Speaks a line with a voice.
    voices : sequence of str
        Voices to choose from, as ``"engine/name"``.
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
        voices: Sequence[str] = (),
        take: Callable[[Mapping[str, Any]], object] | None = None,
        language: str = "en",
        palette: Palette | None = None,
    ) -> None:
        self.takes = takes_around(voice)
        super().__init__("voice", lambda: html(line, self.takes, language=language, palette=palette), f"<{line!r}>", palette=palette)
        self._line, self._say, self._take = line, say, take
        self._voices = list(voices) or [f"{voice.engine}/{voice.name}"]

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        takes = [take.model_dump(include=set(FIELDS)) for take in self.takes]
        return {"line": self._line, "takes": takes, "voices": self._voices, "can_take": self._take is not None}

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's: a take to hear or to keep."""
        chosen = message.get("take")
        if not isinstance(chosen, dict):
            return
        if "say" in message:
            voice = self.takes[0].model_copy(update={name: chosen[name] for name in FIELDS})
            audio = self._say(str(message["say"]), voice)
            told = {"said": message["say"], "take": chosen, "length": audio.duration_s}
            widget.send(told, buffers=[narration_copy(audio.samples, audio.rate_hz)])
        elif self._take is not None:
            self._take({f"voice.{name}": chosen[name] for name in FIELDS})
            widget.send({"taken": "Taken; save the style to keep it."})
