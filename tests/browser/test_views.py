"""Views inside a notebook: JupyterLab's own rules for lists, tables and links give way, and its theme decides."""

from __future__ import annotations

from pathlib import Path

import nbconvert
import pytest
from jupyter_core.paths import jupyter_path
from playwright.sync_api import Browser, Page

from reelkit import views
from tests.views import samples


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Page:
    """A page with JupyterLab's stylesheet (as nbconvert carries it) around views, in the light theme of a reader who likes it dark."""
    found = [Path(folder, "lab", "static", "index.css") for folder in jupyter_path("nbconvert", "templates")]
    css = next(path for path in found if path.exists()).read_text(encoding="utf-8")
    assert "jp-RenderedHTMLCommon" in css, nbconvert.__version__
    shown = [
        views.brand(samples.brand()),
        views.script(samples.script()),
        views.findings(samples.findings()),
        views.footage(samples.script(), samples.clips(), thumbnails={}),
    ]
    page = chromium.new_page(color_scheme="dark")
    body = "".join(view.html for view in shown)
    page.set_content(f'<style>{css}</style><body data-jp-theme-light="true"><div class="jp-RenderedHTMLCommon">{body}</div></body>')
    return page


@pytest.mark.parametrize(
    ("selector", "rule", "value"),
    [
        (".rk-facts dt", "float", "none"),
        (".rk-chips", "paddingLeft", "0px"),
        (".rk-scenes", "paddingLeft", "0px"),
        (".rk-table tbody tr:nth-child(odd)", "backgroundColor", "rgba(0, 0, 0, 0)"),
        (".rk-table tbody td", "textAlign", "start"),
        (".rk-swatches code", "backgroundColor", "rgba(0, 0, 0, 0)"),
        (".rk-clip a", "textDecorationLine", "underline"),
        (".rk", "backgroundColor", "rgb(255, 255, 255)"),
    ],
)
def test_a_notebooks_own_rules_give_way(page: Page, selector: str, rule: str, value: str) -> None:
    """What JupyterLab says of every list, table and link in an output does not reach into a view; its theme does."""
    assert page.evaluate("([selector, rule]) => getComputedStyle(document.querySelector(selector))[rule]", [selector, rule]) == value


def test_the_notebooks_dark_theme_darkens_views(page: Page) -> None:
    """JupyterLab's switch to dark reaches every view, whatever the system prefers."""
    page.emulate_media(color_scheme="light")
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    assert page.evaluate("getComputedStyle(document.querySelector('.rk')).backgroundColor") == "rgb(26, 25, 23)"
