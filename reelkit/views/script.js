// ScriptView: the scenes' texts and search terms to edit, scenes to leave out and to add, with counts that follow the keys.

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const view = root(el, "script", model.get("facts").title);
  const note = status();
  const head = h("p", { class: "rk-notes" });
  const list = h("ol", { class: "rk-scenes" });
  const undo = button("Undo", () => model.send({ undo: true }));
  const reset = button("Back to what was written", () => model.send({ reset: true }));
  let rows = [];

  const typed = () => rows.map((row) => ({ text: row.text.value, terms: terms(row), out: row.out, own: row.own }));
  const count = rest(250, () => model.send({ count: typed() }));
  const keep = () => model.send({ keep: typed() });

  const terms = (row) => row.terms.value.split(",").map((term) => term.trim()).filter(Boolean);

  /** Take a scene out of the reel, or in again; one that was added is gone. */
  function leave(row) {
    const index = rows.indexOf(row);
    rows.splice(index, 1, ...(row.own ? [] : [make({ text: row.text.value, terms: terms(row), out: !row.out, own: false })]));
    draw();
    rows[Math.min(index, rows.length - 1)].leave.focus({ preventScroll: true });
    keep();
  }

  /** Add an empty scene after another; it is kept once it says something. */
  function add(row) {
    const index = rows.indexOf(row) + 1;
    rows.splice(index, 0, make({ text: "", terms: terms(row), out: false, own: true }));
    draw();
    rows[index].text.focus();
  }

  function make(scene) {
    const row = { out: scene.out, own: scene.own };
    row.text = h("textarea", { rows: 2, lang: model.get("facts").language, dir: "auto", oninput: () => { row.grow(); row.words(); count(); }, onchange: keep }, scene.text);
    row.terms = h("input", { type: "text", value: scene.terms.join(", "), onchange: keep });
    row.told = h("p", { class: "rk-count" }, h("span"), h("span"), h("span", { class: "rk-flags" }));
    row.grow = () => { row.text.style.height = "auto"; row.text.style.height = `${row.text.scrollHeight + 2}px`; };
    row.words = () => { row.told.firstChild.textContent = row.out ? "" : `${row.text.value.split(/\s+/).filter(Boolean).length} words`; };
    row.leave = button("", () => leave(row));
    row.add = button("Add a scene after", () => add(row));
    const search = h("label", { class: "rk-field-inline rk-terms" }, h("span", {}, "Search"), row.terms);
    row.struck = h("s", {}, scene.text);
    const shown = row.out ? [h("p", { class: "rk-say", lang: model.get("facts").language, dir: "auto" }, row.struck)] : [row.text];
    row.element = h("li", { class: row.out ? "rk-out" : null }, h("div", { class: "rk-scene" }, shown, h("div", { class: "rk-tools" }, row.out ? null : search, row.leave, row.add)), row.told);
    requestAnimationFrame(row.grow);
    return row;
  }

  /** Put the rows on the page, each named by its number among those that are told. */
  function draw() {
    let number = 0;
    rows.forEach((row) => {
      const name = row.out ? `the scene after scene ${number} that is left out` : `scene ${++number}`;
      row.text.setAttribute("aria-label", `Text of ${name}`);
      row.terms.setAttribute("aria-label", `Search terms of ${name}, with commas between`);
      row.leave.textContent = row.out ? "Bring back" : row.own ? "Remove" : "Leave out";
      row.leave.setAttribute("aria-label", `${row.leave.textContent} ${name}`);
      row.add.setAttribute("aria-label", `Add a scene after ${name}`);
    });
    list.replaceChildren(...rows.map((row) => row.element));
  }

  function counted() {
    const counts = model.get("counts");
    counts.scenes.forEach((scene, index) => {
      const row = rows[index];
      if (!row) return;
      row.words();
      const [, seconds, flags] = row.told.children;
      seconds.textContent = scene.seconds === null ? "" : `${scene.seconds.toFixed(1)} s`;
      flags.replaceChildren(...scene.flags.map((flag) => h("span", { class: "rk-flag" }, flag)));
    });
    head.replaceChildren(...counts.whole.map((part) => h("span", {}, part)));
  }

  /** Show the scenes as they are kept: what is typed in stays, unless scenes came or went. */
  function shown() {
    const scenes = model.get("scenes");
    const same = scenes.length === rows.length && scenes.every((scene, index) => scene.out === rows[index].out && scene.own === rows[index].own);
    if (same) return false;
    const held = rows.findIndex((row) => row.element.contains(document.activeElement));
    rows = scenes.map(make);
    draw();
    if (held >= 0) rows[Math.min(held, rows.length - 1)].leave.focus({ preventScroll: true });
    return true;
  }

  function told() {
    if (!shown()) model.get("scenes").forEach((scene, index) => {
      const row = rows[index];
      row.struck.textContent = scene.text;
      if (document.activeElement !== row.text) { row.text.value = scene.text; row.grow(); }
      if (document.activeElement !== row.terms) row.terms.value = scene.terms.join(", ");
    });
    able(undo, model.get("facts").undo);
    able(reset, model.get("facts").edited);
    note.textContent = model.get("facts").said;
    note.classList.remove("rk-trouble");
    counted();
  }

  function heard(message) {
    if (message.trouble === undefined) return;
    shown();
    counted();
    note.textContent = message.trouble;
    note.classList.add("rk-trouble");
  }

  view.append(h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, model.get("facts").title), head), list, h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Script" }, undo, reset), note);
  const end = listen(model, { "msg:custom": heard, "change:scenes": told, "change:facts": told, "change:counts": counted });
  told();
  return () => { end(); count.cancel(); };
}

export default { render };
