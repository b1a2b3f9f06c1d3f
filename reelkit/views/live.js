// What every live view is built from: elements, one keyboard, one theme. It stands before each view's own file in one module.

/** Return an element: attributes by name, listeners as functions, children as texts or elements. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return a view's root, which keeps its keys from the notebook's own shortcuts. */
function root(el, name, label) {
  const accent = el.dataset.accent;
  const element = h("div", { class: `rk rk-live rk-live-${name}`, role: "group", "aria-label": label, "data-lm-suppress-shortcuts": "true" });
  if (accent) element.style.setProperty("--rk-accent", accent);
  for (const kind of ["keydown", "keyup", "keypress"]) element.addEventListener(kind, (event) => event.stopPropagation());
  el.replaceChildren(element);
  newest = element;
  return element;
}

/** The root that was made last: its view listens to its model next. */
let newest = null;

/** Return a button; its visible text is its name unless one is given. */
function button(text, click, attributes = {}) {
  return h("button", { type: "button", class: "rk-button", onclick: (event) => { if (event.currentTarget.getAttribute("aria-disabled") !== "true") click(event); }, ...attributes }, text);
}

/** Say whether a button has something to do; one that has not keeps the keyboard's place, which a disabled one would lose. */
function able(button, can) {
  button.setAttribute("aria-disabled", String(!can));
}

/** Draw a part of a view anew; the keyboard stays on what has the same name, or goes to what `otherwise` finds for what is gone. */
function redrawn(view, draw, otherwise) {
  const held = view.contains(document.activeElement) ? document.activeElement : null;
  draw();
  if (!held || held.isConnected) return;
  const name = held.getAttribute("aria-label");
  const same = name ? [...view.querySelectorAll("[aria-label]")].find((one) => one.getAttribute("aria-label") === name) : null;
  (same ?? otherwise(held))?.focus({ preventScroll: true });
}

/** Return a select with its label; options are [value, text] pairs. */
function choice(label, options, value, change, attributes = {}) {
  const select = h("select", { onchange: (event) => change(event.target.value), ...attributes }, options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  return h("label", { class: "rk-field-inline" }, h("span", {}, label), select);
}

/** Return a field for a number with its label, and what reads it. */
function number(label, value, low, high, step) {
  const input = h("input", { type: "number", value, min: low, max: high, step });
  return [h("label", { class: "rk-field-inline" }, h("span", {}, label), input), () => Number(input.value)];
}

/** Return minutes, seconds and tenths. */
function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  return `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
}

/** Have a player play other bytes; those that it played before, if any, are let go of. */
function load(player, bytes, type) {
  unload(player);
  player.src = URL.createObjectURL(new Blob([bytes], { type }));
}

/** Let go of what a player was given to play. */
function unload(player) {
  if (!player.src) return;
  URL.revokeObjectURL(player.src);
  player.removeAttribute("src");
  player.load();
}

/** Return a line that screen readers hear when it changes. */
function status() {
  return h("p", { class: "rk-status", role: "status", "aria-live": "polite" });
}

/** Call back when nothing was asked for `wait_ms`; `.cancel()` forgets what was asked. */
function rest(wait_ms, call) {
  let timer = 0;
  const asked = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...given), wait_ms);
  };
  asked.cancel = () => clearTimeout(timer);
  return asked;
}

/** Listen to a model, and whether its kernel lives; the returned function ends it. */
function listen(model, handlers) {
  const view = newest, kernel = model.widget_manager?.kernel;
  const heard = (_, status) => { if (["dead", "restarting", "autorestarting", "terminating"].includes(status)) leaveOff(view); };
  for (const [event, call] of Object.entries(handlers)) model.on(event, call);
  kernel?.statusChanged?.connect(heard);
  heard(kernel, kernel?.status);
  return () => {
    for (const [event, call] of Object.entries(handlers)) model.off(event, call);
    kernel?.statusChanged?.disconnect(heard);
  };
}

/** Say that nobody answers this view any more, whose kernel ended or began anew, and let nothing in it be moved or asked for. */
function leaveOff(view) {
  if (!view || view.dataset.ended) return;
  view.dataset.ended = "true";
  for (const part of view.children) part.inert = true;
  view.prepend(h("p", { class: "rk-reason", role: "alert" }, "The kernel does not answer any more: run the notebook again."));
}
