"""A studio of one's own: brands, notebooks and a cache in a folder, served by JupyterLab or by Voila as they are."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Page

from reelkit.app_server import app_command, app_environment

ROOT = Path(__file__).parents[2]
WORDS = "Cold brew takes time. Give it a night in the fridge. In the morning you have coffee that is sweet and never bitter.\n"
SMALL = {"output.width_px": 270, "output.height_px": 480, "output.fps": 30, "footage.backdrops": ["gradient_flow", "bokeh"]}


class Studio:
    """A folder with all that a person's own studio has.

    Parameters
    ----------
    folder : Path
    changes : mapping
        Of the brand: a small size and few backdrops, so that little is drawn.
    names : sequence of str
        Of the notebooks.
    """

    def __init__(
        self, folder: Path, *, changes: Mapping[str, Any] = SMALL, names: Sequence[str] = ("tune_brand", "reel", "compare")
    ) -> None:
        from reelkit.yamlfile import change_yaml

        self.folder, self.outputs = folder, folder / "outputs"
        shutil.copytree(ROOT / "templates", folder / "templates")
        self.brand_file = folder / "templates" / "brands" / "northwind.yaml"
        change_yaml(self.brand_file, changes, what="brand 'northwind'")
        (folder / "words.md").write_text(WORDS)
        (folder / "notebooks").mkdir()
        for name in names:
            book = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
            cell = next(cell for cell in book.cells if "parameters" in cell.metadata.get("tags", []))
            cell.source = cell.source.replace("script_file = None", f"script_file = {str(folder / 'words.md')!r}")
            nbformat.write(book, folder / "notebooks" / f"{name}.ipynb")
        # JupyterLab draws no cell that is out of sight; here every view is looked at.
        settings = folder / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
        settings.parent.mkdir(parents=True)
        settings.write_text('{"windowingMode": "none"}')
        self.env = {
            **app_environment(),
            "REELKIT_TEMPLATES": str(folder / "templates"),
            "REELKIT_OUTPUTS": str(self.outputs),
            "REELKIT_CACHE": str(folder / "cache"),
            "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "IPYTHONDIR": str(folder / "ipython"),
        }

    def spoken(self) -> set[str]:
        """Return the files of speech that the cache holds."""
        return {path.name for path in (self.folder / "cache" / "speech").rglob("*.npz")}

    @contextlib.contextmanager
    def voila(self) -> Iterator[str]:
        """Serve the notebooks as apps; give the address at which names stand."""
        command = [*app_command(self.folder / "notebooks"), "--no-browser", "--Voila.ip=127.0.0.1"]
        with self._served(command) as address:
            yield f"{address}/voila/render"

    @contextlib.contextmanager
    def lab(self) -> Iterator[str]:
        """Serve JupyterLab; give the address at which notebooks open."""
        quiet = ["--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.open_browser=False", "--ServerApp.ip=127.0.0.1"]
        news = ["--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--allow-root"]
        where = f"--ServerApp.root_dir={self.folder / 'notebooks'}"
        with self._served([sys.executable, "-m", "jupyterlab", *quiet, *news, where]) as address:
            yield f"{address}/lab/tree"

    @contextlib.contextmanager
    def _served(self, command: list[str]) -> Iterator[str]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        module = command[2]
        flag = "--ServerApp.port" if module == "jupyterlab" else "--port"
        log = (self.folder / f"{module}.log").open("wb")
        with log, subprocess.Popen([*command, f"{flag}={port}"], cwd=self.folder, env=self.env, stdout=log, stderr=log) as server:
            try:
                _await(port, server)
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(900):
        if server.poll() is not None:
            raise RuntimeError("the server ended")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not come up")


def open_app(page: Page, address: str, notebook: str, *, ready: str) -> None:
    """Open a notebook in Voila and wait until a view of it is live."""
    page.goto(f"{address}/{notebook}.ipynb", timeout=240_000)
    page.wait_for_selector(ready, timeout=240_000)


def open_lab(page: Page, address: str, notebook: str, *, ready: str) -> None:
    """Open a notebook in JupyterLab, run all its cells, and wait until a view of it is live."""
    page.goto(f"{address}/{notebook}.ipynb?reset", timeout=240_000)
    run_all(page)
    page.wait_for_selector(ready, timeout=240_000)


def run_all(page: Page) -> None:
    """Choose Run > Run All Cells once the kernel is there; before that JupyterLab asks for one, which takes the other's place."""
    page.wait_for_function(
        "/\\(ipykernel\\) \\| (Idle|Busy)/.test(document.querySelector('#jp-main-statusbar')?.innerText)", timeout=240_000
    )
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def exact(page: Page, side: int = 0) -> dict[str, Any]:
    """Return what the frame view says of the exact frame that it shows, once it rests."""
    found = page.wait_for_function(
        "side => { const s = document.querySelectorAll('.rk-live-frame .rk-screen')[side];"
        " return s && s.dataset.shown === 'exact' && s.dataset.sha256 && {...s.dataset} }",
        arg=side,
        timeout=120_000,
    )
    told: dict[str, Any] = found.json_value()
    return told


def unending(page: Page, players: str) -> None:
    """Have what is played begin anew where it ends: a slow machine looks later than that."""
    page.evaluate("players => document.querySelectorAll(players).forEach(one => { one.loop = true })", players)


def wear(page: Page, theme: str) -> None:
    """Show the page in a theme, as JupyterLab says it."""
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.evaluate(
        "theme => { document.body.dataset.jpThemeLight = String(theme === 'light');"
        " document.body.style.background = theme === 'light' ? '#fff' : '#111' }",
        theme,
    )
    page.wait_for_timeout(400)
