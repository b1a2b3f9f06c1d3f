"""A person without a pointer: Tab goes from control to control, keys do the rest, and a screen reader says what has the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Locator, Page

MOST_STOPS = 400
_AROUND = """view => {
    for (const [where, id] of [['beforebegin', 'keys-before'], ['afterend', 'keys-after']]) {
        document.getElementById(id)?.remove();
        const place = document.createElement('button');
        place.id = id;
        place.dataset.lmSuppressShortcuts = 'true';
        view.insertAdjacentElement(where, place);
    }
    document.getElementById('keys-before').focus();
}"""
_HELD = """() => {
    const held = document.activeElement;
    return {
        id: held.id, tag: held.tagName.toLowerCase(), type: held.type ?? '', inside: Boolean(held.closest('.rk-live')),
        field: held.dataset.field ?? held.dataset.slide ?? held.closest('.rk-field')?.querySelector('[data-field]')?.dataset.field ?? '',
        label: held.getAttribute('aria-label') ?? (held.labels?.[0]?.querySelector('span') ?? held.labels?.[0] ?? held).textContent,
        value: held.value ?? '',
        disabled: held.getAttribute('aria-disabled') === 'true', min: held.min ?? '', max: held.max ?? '', step: held.step ?? '',
    };
}"""
_CONTROLS = """view => [...view.querySelectorAll('button, select, input, textarea, summary, a[href], audio[controls], [tabindex]')]
    .filter(one => one.tabIndex >= 0 && one.checkVisibility({visibilityProperty: true})).length"""


def held(page: Page) -> dict[str, Any]:
    """Return what has the keyboard."""
    found: dict[str, Any] = page.evaluate(_HELD)
    return found


def stops(page: Page, view: Locator) -> Iterator[dict[str, Any]]:
    """Go by Tab from before a view to behind it; yield each control that has the keyboard on the way.

    Raises
    ------
    AssertionError
        When the keyboard gets out of the view elsewhere, or not at all.
    """
    view.evaluate(_AROUND)
    before = ""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        now = held(page)
        if now["id"] == "keys-after":
            return
        assert now["inside"], f"after {before} the keyboard is at {now}"
        # A player is several stops of its own.
        if now["tag"] != "audio" or now["label"] != before:
            yield now
        before = str(now["label"])
    raise AssertionError(f"the keyboard does not get out; it is at {before}")


def reach(page: Page, view: Locator, label: str) -> dict[str, Any]:
    """Go by Tab until a control with this name has the keyboard."""
    names = []
    for stop in stops(page, view):
        names.append(" ".join(str(stop["label"]).split()))
        if names[-1] == label:
            return stop
    raise AssertionError(f"no control is called {label!r}, there are {names}")


def controls(view: Locator) -> int:
    """Return how many controls of a view can have the keyboard."""
    return int(view.evaluate(_CONTROLS))


def nameless(page: Page, selector: str) -> list[str]:
    """Return the controls of a view for which a screen reader has no name."""
    tools = page.context.new_cdp_session(page)
    root = tools.send("DOM.getDocument")["root"]["nodeId"]
    node = tools.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    nodes = tools.send("Accessibility.queryAXTree", {"nodeId": node})["nodes"]
    tools.detach()
    can = [one for one in nodes if not one["ignored"] and any(each["name"] == "focusable" for each in one.get("properties", []))]
    assert can, f"{selector} has no control"
    return [str(one) for one in can if not one.get("name", {}).get("value", "").strip()]
