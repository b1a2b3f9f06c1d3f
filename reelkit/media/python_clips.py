"""Clips that a brand draws itself: Python functions that return MoviePy clips, each rendered once, losslessly, and kept.

A function asks for what it needs by the names of its parameters, and what it asks for is what its clip depends on: one that does not ask
for the topic is rendered once for all reels of a brand.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import inspect
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from numpy.typing import NDArray

from reelkit.errors import BrandError, without_keys
from reelkit.media.audio import CLICKLESS_S, fade
from reelkit.media.encode import tag_colours
from reelkit.media.planes import rgb_to_planes
from reelkit.media.python_sources import source_hash
from reelkit.media.segments import made_by
from reelkit.model import Cache, Fps, content_key

if TYPE_CHECKING:
    from moviepy import AudioClip, VideoClip

__all__ = ["PythonClips", "UnfitClipError"]

_ROOM = "python-clips"
_RATE_HZ = 48_000
_LONGEST_S = 60.0


class UnfitClipError(BrandError):
    """A clip that is not of the frame's size, or nowhere in it: drawn for another frame."""


class PythonClips:
    """Renders a brand's own functions.

    Parameters
    ----------
    width_px, height_px : int
        Size of the reel.
    fps : Fps
    offered : dict
        What a function may ask for besides ``width_px``, ``height_px`` and ``fps``, by name.
    cache : Cache
        Where what was rendered is kept.
    """

    def __init__(self, *, width_px: int, height_px: int, fps: Fps, offered: dict[str, Any], cache: Cache) -> None:
        self._size, self._fps, self._cache = (width_px, height_px), fps, cache
        self._offered = {"width_px": width_px, "height_px": height_px, "fps": float(fps.ratio), **offered}

    def overlay(self, path: Path, name: str) -> Path:
        """Return the file of a clip that stands over the reel: its picture with alpha, cut to what is ever seen of it.

        Its place in the frame stands in the file's tags ``x_px`` and ``y_px``.

        Raises
        ------
        BrandError
            When the file or the function is missing, asks for what there is not, fails, or returns no clip that can be drawn.
        UnfitClipError
            When nothing of it is ever seen in the frame.
        """
        return self._rendered(path, name, "overlay", self._write_overlay)

    def whole(self, path: Path, name: str) -> Path:
        """Return the file of a clip that fills the frame, with its sound where it has any, which ends with its last frame.

        Raises
        ------
        BrandError
            As :meth:`overlay`.
        UnfitClipError
            When the clip is not of the reel's size.
        """
        return self._rendered(path, name, "whole", self._write_whole)

    def _rendered(self, path: Path, name: str, kind: str, write: Callable[[VideoClip, Path], None]) -> Path:
        what = f"{path.name}:{name}"
        if not path.is_file():
            raise BrandError(f"{what}: there is no {path}")
        try:
            source = source_hash(path)
        except OSError as error:
            raise BrandError(f"{what}: {error.filename} beside it cannot be read ({error.strerror}); check its permissions") from None
        with _importable(path.parent, module := f"reelkit_brand_{source[:16]}"):
            function = _function(path, name, what, module)
            asked = self._asked(function, what)
            # A clip that fills the frame lies on the brand's background where it has holes, whether the function asks for it or not.
            ground = self._offered["palette"]["background"] if kind == "whole" else None
            made_with = [made_by(), version("moviepy")]
            key = content_key(kind, source, path.name, name, asked, ground, made_with, self._size, self._fps)

            def make(temporary: Path) -> None:
                with contextlib.ExitStack() as stack:
                    clip = _called(function, asked, what, path)
                    stack.callback(clip.close)
                    try:
                        write(clip, temporary)
                    except BrandError as error:
                        raise type(error)(f"{what}: {error}") from None
                    except OSError:
                        raise
                    except Exception as error:
                        raise BrandError(f"{what}: its clip cannot be drawn: {_told(error, path)}") from None

            return self._cache.file(_ROOM, key, ".mkv", make)

    def _asked(self, function: Callable[..., Any], what: str) -> dict[str, Any]:
        asked = {}
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name in self._offered:
                asked[parameter.name] = self._offered[parameter.name]
            elif parameter.default is parameter.empty and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                raise BrandError(f"{what}: it asks for '{parameter.name}'; it may ask for {', '.join(sorted(self._offered))}")
        return asked

    def _times(self, clip: VideoClip) -> list[float]:
        """Return the times of a clip's frames, in the middle of each: floats may fall just short of where one begins."""
        count = max(1, round(clip.duration * self._fps.ratio))
        return [min(float((frame + Fraction(1, 2)) / self._fps.ratio), clip.duration - 1e-6) for frame in range(count)]

    def _write_overlay(self, clip: VideoClip, path: Path) -> None:
        from moviepy import CompositeVideoClip

        placed = CompositeVideoClip([clip], size=self._size)
        times = self._times(clip)
        seen = np.zeros(self._size[::-1], bool)
        for at_s in times:
            seen |= placed.mask.get_frame(at_s) > 0
        if not seen.any():
            raise UnfitClipError("nothing of it is ever seen in the frame")
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        # Sprites stand on even places.
        left, top = int(columns[0]) // 2 * 2, int(rows[0]) // 2 * 2
        right, bottom = min(int(columns[-1]) // 2 * 2 + 2, self._size[0]), min(int(rows[-1]) // 2 * 2 + 2, self._size[1])

        def pictures() -> Iterator[av.VideoFrame]:
            for at_s in times:
                alpha = np.rint(placed.mask.get_frame(at_s)[top:bottom, left:right] * 255).astype(np.uint8)
                rgb = placed.get_frame(at_s)[top:bottom, left:right].astype(np.uint8)
                bgra = np.ascontiguousarray(np.dstack([rgb[..., ::-1], alpha]))
                yield av.VideoFrame.from_ndarray(bgra, format="bgra")

        self._write(path, pictures(), (right - left, bottom - top), "bgra", tags={"x_px": str(left), "y_px": str(top)})

    def _write_whole(self, clip: VideoClip, path: Path) -> None:
        from moviepy import CompositeVideoClip

        if tuple(clip.size) != self._size:
            wanted = f"{self._size[0]}x{self._size[1]}"
            raise UnfitClipError(f"its clip is {clip.size[0]}x{clip.size[1]}; it must be {wanted}, so ask for width_px and height_px")
        ground = tuple(int(self._offered["palette"]["background"][at : at + 2], 16) for at in (1, 3, 5))
        shown = clip if clip.mask is None else CompositeVideoClip([clip], size=self._size, bg_color=ground)

        def pictures() -> Iterator[av.VideoFrame]:
            for at_s in self._times(clip):
                planes = rgb_to_planes(np.ascontiguousarray(shown.get_frame(at_s).astype(np.uint8)))
                rows = np.concatenate([planes.y.ravel(), planes.u.ravel(), planes.v.ravel()])
                frame = av.VideoFrame.from_ndarray(rows.reshape(self._size[1] * 3 // 2, self._size[0]), format="yuv420p")
                frame.colorspace, frame.color_range = 1, 1
                yield frame

        length = self._fps.sample_at(len(self._times(clip)), _RATE_HZ)
        self._write(path, pictures(), self._size, "yuv420p", sound=None if clip.audio is None else _heard(clip.audio, length))

    def _write(
        self,
        path: Path,
        frames: Iterator[av.VideoFrame],
        size_px: tuple[int, int],
        pixels: str,
        *,
        tags: dict[str, str] | None = None,
        sound: NDArray[np.float32] | None = None,
    ) -> None:
        """Write FFV1 and PCM, which lose nothing, the same bytes for the same samples.

        The sound, as long as the frames, is written beside them: FFmpeg would keep the pictures of seconds until it comes.
        """
        with av.open(str(path), "w", format="matroska", options={"fflags": "+bitexact"}) as output:
            output.metadata.update(tags or {})
            video = output.add_stream("ffv1", rate=self._fps.ratio)
            video.width, video.height, video.pix_fmt = *size_px, pixels
            video.codec_context.gop_size = 1  # every picture by itself, so that any can be read alone
            video.codec_context.flags |= av.codec.context.Flags.bitexact
            if pixels == "yuv420p":
                tag_colours(video.codec_context)
            audio = output.add_stream("pcm_f32le", rate=_RATE_HZ, layout="stereo") if sound is not None else None
            for index, frame in enumerate(frames):
                frame.pts, frame.time_base = index, 1 / self._fps.ratio
                output.mux(video.encode(frame))
                if audio is not None and sound is not None:
                    start, end = (self._fps.sample_at(each, _RATE_HZ) for each in (index, index + 1))
                    block = av.AudioFrame.from_ndarray(sound[start:end].reshape(1, -1), format="flt", layout="stereo")
                    block.rate, block.pts, block.time_base = _RATE_HZ, start, Fraction(1, _RATE_HZ)
                    output.mux(audio.encode(block))
            for stream in (video, audio):
                if stream is not None:
                    output.mux(stream.encode(None))


def _heard(audio: AudioClip, count: int) -> NDArray[np.float32]:
    """Return a clip's sound [shape=(count, 2)]: cut, over a short fade, where it is longer, and silent where it is over."""
    # MoviePy leaves a sound its own length, or none. A little more than is needed tells whether anything is cut.
    lasting = count / _RATE_HZ + CLICKLESS_S
    own = audio if audio.duration is not None and audio.duration <= lasting else audio.with_duration(lasting)
    blocks = [np.reshape(block, (len(block), -1)) for block in own.iter_chunks(chunksize=_RATE_HZ, fps=_RATE_HZ)]
    samples = np.concatenate(blocks).astype(np.float32)
    heard = np.zeros((count, 2), np.float32)
    heard[: len(samples)] = samples[:count, :2]  # one channel goes to both
    if len(samples) > count:
        fade(heard, round(CLICKLESS_S * _RATE_HZ), out=True)
    return heard


@contextlib.contextmanager
def _importable(folder: Path, own: str) -> Iterator[None]:
    """Let a file import its neighbours while it is loaded, as the module ``own``, and called: as they are now and not as somebody loaded
    them before."""
    before = _neighbours(folder)
    for name in before:
        del sys.modules[name]
    # Bytecode is known by the second and the size of its source, in which an edit may not show.
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = writes_none
        sys.modules.pop(own, None)
        for name in _neighbours(folder):
            del sys.modules[name]
        sys.modules.update(before)


def _neighbours(folder: Path) -> dict[str, ModuleType]:
    """Return the loaded modules that are files of a folder, or in packages there, by name; never Reelkit's own."""
    beside = {each.stem for each in folder.glob("*")} - {__name__.partition(".")[0]}
    return {name: module for name, module in [*sys.modules.items()] if name.partition(".")[0] in beside and _lies_in(module, folder)}


def _lies_in(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    # A package without an __init__.py has folders instead of a file.
    places = [file] if file is not None else [*getattr(module, "__path__", ())]
    return any(Path(each).resolve().is_relative_to(folder.resolve()) for each in places)


def _function(path: Path, name: str, what: str, own: str) -> Callable[..., Any]:
    spec = importlib.util.spec_from_file_location(own, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and others ask for the module that they are in.
    sys.modules[own] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BrandError(f"{what}: the file cannot be loaded: {_told(error, path)}") from None
    found = getattr(module, name, None)
    if not callable(found):
        named = [each for each, value in vars(module).items() if inspect.isfunction(value) and value.__module__ == spec.name]
        near = difflib.get_close_matches(name, named, n=1) or named[:1]
        raise BrandError(f"{what}: there is no function '{name}' in {path}" + (f"; did you mean '{near[0]}'?" if near else ""))
    return found  # type: ignore[no-any-return]


def _called(function: Callable[..., Any], asked: dict[str, Any], what: str, path: Path) -> VideoClip:
    from moviepy import VideoClip

    try:
        clip = function(**asked)
    except Exception as error:
        raise BrandError(f"{what}: it failed: {_told(error, path)}") from None
    if not isinstance(clip, VideoClip):
        raise BrandError(f"{what}: it returned a {type(clip).__name__}; it must return a MoviePy clip")
    if not clip.duration or clip.duration > _LONGEST_S:
        raise BrandError(
            f"{what}: its clip lasts {clip.duration or 'no time'}; it must last up to {_LONGEST_S:.0f} s, as with .with_duration(3)"
        )
    return clip


def _told(error: BaseException, path: Path) -> str:
    """Return an error in one line, with the line of the brand's file that it comes from."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    text = textwrap.shorten(without_keys(str(error)), 200, placeholder=" ...")
    return f"{type(error).__name__}: {text}" + (f" (line {line})" if line else "")
