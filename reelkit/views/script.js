// ScriptView: the scenes' texts and search terms to edit, with counts that follow the keys.

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const view = root(el, "script", model.get("facts").title);
  const note = status();
  const head = h("p", { class: "rk-notes" });
  const list = h("ol", { class: "rk-scenes" });
  const undo = button("Undo", () => model.send({ undo: true }));
  const reset = button("Back to what was written", () => model.send({ reset: true }));
  let rows = [];

  const typed = () => rows.map((row) => ({ text: row.text.value, terms: row.terms.value.split(",").map((term) => term.trim()).filter(Boolean) }));
  const count = rest(250, () => model.send({ count: typed() }));
  const keep = () => model.send({ keep: typed() });

  function row(scene, index) {
    const text = h("textarea", { rows: 2, lang: model.get("facts").language, dir: "auto", "aria-label": `Text of scene ${index + 1}`, oninput: () => { grow(); words(); count(); }, onchange: keep }, scene.text);
    const terms = h("input", { type: "text", "aria-label": `Search terms of scene ${index + 1}, with commas between`, value: scene.terms.join(", "), onchange: keep });
    const told = h("p", { class: "rk-count" });
    const grow = () => { text.style.height = "auto"; text.style.height = `${text.scrollHeight + 2}px`; };
    const words = () => { told.firstChild.textContent = `${text.value.split(/\s+/).filter(Boolean).length} words`; };
    told.append(h("span"), h("span"), h("span", { class: "rk-flags" }));
    requestAnimationFrame(grow);
    return { text, terms, told, words, element: h("li", {}, h("div", { class: "rk-scene" }, text, h("label", { class: "rk-field-inline rk-terms" }, h("span", {}, "Search"), terms)), told) };
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

  function told() {
    const scenes = model.get("scenes");
    const focused = rows.findIndex((row) => row.text === document.activeElement || row.terms === document.activeElement);
    if (scenes.length !== rows.length || focused < 0) {
      rows = scenes.map(row);
      list.replaceChildren(...rows.map((row) => row.element));
    } else scenes.forEach((scene, index) => {
      if (index !== focused) { rows[index].text.value = scene.text; rows[index].terms.value = scene.terms.join(", "); }
    });
    able(undo, model.get("facts").undo);
    able(reset, model.get("facts").edited);
    note.textContent = model.get("facts").said;
    note.classList.remove("rk-trouble");
    counted();
  }

  function heard(message) {
    if (message.trouble === undefined) return;
    note.textContent = message.trouble;
    note.classList.add("rk-trouble");
  }

  view.append(h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, model.get("facts").title), head), list, h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Script" }, undo, reset), note);
  const end = listen(model, { "msg:custom": heard, "change:scenes": told, "change:facts": told, "change:counts": counted });
  told();
  return () => { end(); count.cancel(); };
}

export default { render };
