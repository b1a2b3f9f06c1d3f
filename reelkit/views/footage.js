// FootageView: a filmstrip for each clip; another one to choose, one to reject, a moment to begin at.

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const view = root(el, "footage", "Footage");
  const note = status();
  const list = h("ol", { class: "rk-scenes" });
  const undo = button("Undo", () => model.send({ undo: true }));

  /** Put the line beside the clip that it is of, or under all; a screen reader hears it there. */
  function say(text, at = "") {
    const slot = at ? [...list.querySelectorAll("[data-slot]")].find((one) => one.dataset.slot === at) : null;
    const place = slot?.querySelector(":scope > figcaption > .rk-tools");
    if (place) place.after(note);
    else view.append(note);
    note.textContent = text;
  }

  function strip(clip) {
    return h("div", { class: "rk-strip" }, clip.thumbs.length ? clip.thumbs.map((src, number) => h("img", { src, alt: `${clip.id}, frame ${number + 1} of ${clip.thumbs.length}` })) : h("span", { class: "rk-none" }, "no preview"));
  }

  function credit(clip) {
    const who = clip.page ? h("a", { href: clip.page, target: "_blank", rel: "noopener noreferrer" }, clip.author) : clip.author;
    return [h("p", { class: "rk-name" }, clip.id), h("p", {}, who, ` · ${clip.licence}`), h("p", { class: "rk-foot" }, `${clip.library}, ${clip.length}; found by ${clip.query || "nothing"} (${clip.rung})`)];
  }

  function slot(one) {
    const clip = one.clip;
    const point = clip.length_ms ? h("input", { type: "range", min: 0, max: Math.max(clip.length_ms - 500, 0), step: 100, value: clip.in_ms, "aria-label": `Where ${clip.id} begins`, oninput: () => { told.textContent = `${(point.value / 1000).toFixed(1)} s`; }, onchange: () => model.send({ begin: one.id, in_ms: Number(point.value) }) }) : null;
    const told = h("output", {}, `${(clip.in_ms / 1000).toFixed(1)} s`);
    const others = (one.others ?? []).map((other) => h("div", { class: "rk-choice" }, strip(other), credit(other),
      h("span", { class: "rk-field-inline" }, button("Choose", () => model.send({ choose: one.id, clip: other.id }), { "aria-label": `Choose ${other.id} instead of ${clip.id}` }), button("Reject", () => model.send({ reject: other.id, at: one.id }), { "aria-label": `Reject ${other.id} for this brand` }))));
    return h("figure", { class: `rk-clip${clip.wide ? " rk-wide" : ""}`, "data-slot": one.id }, strip(clip), h("figcaption", {}, credit(clip),
      h("div", { class: "rk-tools" },
        point ? h("label", { class: "rk-field-inline rk-zoom" }, h("span", {}, "Begins at"), point, told) : null,
        button(one.others ? "Others again" : "Show others", () => { say("Looking; what must be drawn or loaded takes a while…", one.id); model.send({ others: one.id }); }, { "aria-label": `Show others for ${clip.id}` }),
        one.edited ? button("Back to the first choice", () => model.send({ choose: one.id, clip: one.id }), { "aria-label": `Back to ${one.id}` }) : null,
        button("Reject for this brand", () => model.send({ reject: clip.id, at: one.id }), { "aria-label": `Reject ${clip.id} for this brand` })),
      others.length ? h("div", { class: "rk-choices" }, others) : null));
  }

  function told() {
    const scenes = model.get("scenes").map((scene) => h("li", {}, h("div", { class: "rk-scene" }, h("p", { class: "rk-say", dir: "auto" }, scene.text), h("div", { class: "rk-clips" }, scene.slots.map(slot)))));
    // Where a choice or a rejected clip is gone, its place is still there.
    redrawn(view, () => list.replaceChildren(...scenes), (held) => [...list.querySelectorAll("[data-slot]")].find((one) => one.dataset.slot === held.closest("[data-slot]")?.dataset.slot)?.querySelector("button"));
    able(undo, model.get("facts").undo);
    say(model.get("facts").said, model.get("facts").at);
  }
  const heard = (message) => { if (message.trouble !== undefined) say(message.trouble, note.closest("[data-slot]")?.dataset.slot); };

  view.append(h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, "Footage")), list, h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Footage" }, undo), note);
  const end = listen(model, { "msg:custom": heard, "change:scenes": told, "change:facts": told });
  told();
  return end;
}

export default { render };
