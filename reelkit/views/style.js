// StyleView: a brand's fields as controls. The brand lives in Python; here is only what a person is just now touching.

/** Return a colour as a brand file has it, from what people type and paste; what is none stays as it is and is told so. */
function hex(text) {
  const digits = text.trim().replace(/^#/, "");
  if (/^[0-9a-f]{3}$/i.test(digits)) return `#${[...digits].map((digit) => digit + digit).join("")}`.toUpperCase();
  return /^[0-9a-f]{6}$/i.test(digits) ? `#${digits}`.toUpperCase() : text.trim();
}

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const facts = () => model.get("facts");
  const view = root(el, "style", facts().title);
  const note = status();
  const notes = h("ul", { class: "rk-bar-notes", "aria-live": "polite", "aria-label": "What the picture does not tell" });
  const tools = {};
  const setters = new Map();
  const refusals = new Map();
  let flying = false;
  const queue = [];

  // One change is under way at a time; what came meanwhile goes as one, so that a slider never runs ahead of its picture.
  function send(changes, settled) {
    const last = queue.at(-1);
    if (!flying) go({ set: changes, settled });
    else if (last?.set) Object.assign(last, { set: { ...last.set, ...changes }, settled });
    else queue.push({ set: changes, settled });
  }

  // Undo and its like come after every change that was made before them, also those that still wait.
  function order(name) {
    if (flying) queue.push({ [name]: true });
    else go({ [name]: true });
  }

  function go(message) {
    if (message.set) {
      flying = true;
      calm();
    }
    model.send(message);
  }

  /** Say beside its fields why a change was not made. */
  function refuse(fields, why) {
    for (const field of fields) refusals.get(field)?.(why);
  }

  /** Take back what was said of changes that were not made: the fields hold what they held. */
  function calm() {
    if (note.classList.contains("rk-trouble")) note.textContent = "";
    for (const say of refusals.values()) say("");
  }

  function control(field) {
    const id = `rk-${Math.random().toString(36).slice(2)}`;
    const hint = field.hint ? h("p", { class: "rk-hint", id: `${id}-hint` }, field.hint) : null;
    const refused = h("p", { class: "rk-refused", id: `${id}-refused`, role: "status", "aria-live": "polite" });
    refusals.set(field.name, (why) => { if (refused.textContent !== why) refused.textContent = why; refused.classList.toggle("rk-trouble", Boolean(why)); });
    const idle = h("p", { class: "rk-hint", id: `${id}-idle`, hidden: true });
    const common = { id, "aria-describedby": `${hint ? `${id}-hint ` : ""}${id}-idle ${id}-refused`, "data-field": field.name };
    // What is being typed is not written over by what comes back of other changes.
    const typing = (event) => { if (event.target.matches('input[type="text"], input[type="number"]')) box.dataset.typing = ""; };
    const typed = () => { delete box.dataset.typing; };
    const box = h("div", { class: "rk-field", oninput: typing, onchange: typed, onfocusout: typed });
    const label = h("label", { for: id }, field.label);
    const say = (value, settled = true) => send({ [field.name]: value }, settled);
    let set;
    const parts = [];

    if (field.kind === "switch") {
      const input = h("input", { ...common, type: "checkbox", onchange: () => say(input.checked) });
      set = (value) => { input.checked = value; };
      box.append(h("span", { class: "rk-field-inline" }, input, label));
      parts.push(hint);
    } else if (field.kind === "range" || field.kind === "number") {
      const number = h("input", { ...common, type: "number", min: field.low, max: field.high, step: "any", onchange: () => { if (number.value !== "") say(Number(number.value)); else if (field.optional) say(null); else { typed(); calm(); setters.get(field.name)(model.get("values")[field.name]); } } });
      set = (value) => { number.value = value ?? ""; };
      parts.push(label);
      if (field.kind === "range") {
        const slide = h("input", {
          type: "range", min: field.low, max: field.high, step: field.step, "aria-label": `${field.label}, slider`, "data-slide": field.name,
          oninput: () => { number.value = slide.value; say(Number(slide.value), false); },
          onchange: () => say(Number(slide.value)),
        });
        const both = set;
        set = (value) => { both(value); slide.value = value ?? field.low; };
        parts.push(slide);
      }
      parts.push(number, hint);
    } else if (field.kind === "colour") {
      const colour = h("input", { ...common, type: "color", oninput: () => { digits.value = colour.value.toUpperCase(); if (named) named.value = ""; say(digits.value, false); }, onchange: () => say(colour.value.toUpperCase()) });
      const digits = h("input", { type: "text", class: "rk-hex", maxlength: 7, spellcheck: "false", autocomplete: "off", "aria-label": `${field.label}, as #RRGGBB`, "data-field": field.name, onchange: () => say(digits.value.trim() || !field.optional ? hex(digits.value) : null) });
      const options = [["", "own colour"], ...field.choices.map((name) => [name, name]), ...(field.optional ? [["none", "none"]] : [])];
      const named = options.length > 1
        ? h("select", { "aria-label": `${field.label}, from the palette`, onchange: () => say(named.value === "none" ? null : named.value || colour.value.toUpperCase()) }, options.map(([key, text]) => h("option", { value: key }, text)))
        : null;
      set = (value) => {
        const none = value === null || value === undefined;
        const shown = String(value ?? "").startsWith("#") ? value : model.get("values")[`palette.${value}`];
        if (shown) colour.value = shown.toLowerCase();
        colour.classList.toggle("rk-unset", none);
        digits.value = none ? "" : (shown ?? value).toUpperCase();
        if (named) named.value = none ? "none" : String(value).startsWith("#") ? "" : value;
      };
      parts.push(label, h("span", { class: "rk-field-inline" }, colour, digits, named), hint);
    } else if (field.kind === "choice") {
      const select = h("select", { ...common, onchange: () => say(select.value) }, field.choices.map((name) => h("option", { value: name }, name.replaceAll("_", " "))));
      set = (value) => { select.value = String(value); };
      parts.push(label, select, hint);
    } else if (field.kind === "order") {
      const list = h("ul", { class: "rk-order", "aria-label": field.label });
      const add = h("select", { "aria-label": `Add to ${field.label}`, onchange: () => { if (add.value) say([...now, add.value]); } });
      let now = [];
      const turned = (index, by) => { const next = [...now]; const [one] = next.splice(index, 1); if (by) next.splice(index + by, 0, one); say(next); };
      set = (value) => {
        now = [...(value ?? [])];
        const rows = now.map((name, index) => h("li", {}, h("span", {}, `${index + 1}. ${name.replaceAll("_", " ")}`), h("span", {},
          button("↑", () => turned(index, -1), { "aria-label": `${name} earlier`, "aria-disabled": String(index === 0) }),
          button("↓", () => turned(index, 1), { "aria-label": `${name} later`, "aria-disabled": String(index === now.length - 1) }),
          button("✕", () => turned(index, 0), { "aria-label": `${name} out` }))));
        redrawn(box, () => list.replaceChildren(...rows), () => add);
        add.replaceChildren(h("option", { value: "" }, now.length ? "add…" : "all of them; choose some…"), ...field.choices.filter((name) => !now.includes(name)).map((name) => h("option", { value: name }, name.replaceAll("_", " "))));
      };
      parts.push(h("span", { class: "rk-label" }, field.label), list, add, hint);
    } else {
      const input = h("input", { ...common, type: "text", onchange: () => say(field.kind === "list" ? input.value.split(",").map((part) => part.trim()).filter(Boolean) : input.value || (field.optional ? null : "")) });
      const told = (one) => (one !== null && typeof one === "object" ? Object.values(one).join(" ") : one);
      set = (value) => { input.value = Array.isArray(value) ? value.map(told).join(", ") : value ?? ""; };
      // A list of its own: the one that browsers lay under a text shows only what begins with the text.
      const chosen = h("select", { "aria-label": `${field.label}, from the list`, onchange: () => { if (chosen.value) say(chosen.value); } }, ["", ...(field.choices ?? [])].map((name) => h("option", { value: name }, name || "choose…")));
      const both = set;
      if (field.kind === "suggested") set = (value) => { both(value); chosen.value = field.choices.includes(value) ? value : ""; };
      parts.push(label, field.kind === "suggested" ? h("span", { class: "rk-suggested" }, input, chosen) : input, hint);
    }
    box.append(...parts.filter(Boolean), idle, refused);
    setters.set(field.name, (value) => {
      idle.textContent = facts().idle.includes(field.name) ? "Not seen in captions of this mode." : "";
      idle.hidden = !idle.textContent;
      if (!("typing" in box.dataset) && !queue.some((one) => one.set && field.name in one.set)) set(value);
      box.classList.toggle("rk-tuned", facts().tuned.includes(field.name));
    });
    return box;
  }

  const groups = model.get("groups").map((group, index) =>
    h("details", { open: index === 0 }, h("summary", {}, group.label), h("div", { class: "rk-fields" }, group.fields.map(control))));

  function told() {
    const { tuned, undo, redo, file, said } = facts();
    for (const [name, set] of setters) set(model.get("values")[name]);
    able(tools.undo, undo);
    able(tools.redo, redo);
    able(tools.reset, tuned.length);
    able(tools.save, tuned.length);
    tools.save.title = file;
    tools.list.textContent = tuned.length ? `Changed, not saved: ${tuned.join(", ")}` : "";
    tools.diff.textContent = facts().diff;
    tools.diff.hidden = !facts().diff;
    calm();
    note.textContent = said;
    note.classList.remove("rk-trouble");
    hear.hidden = !facts().can_listen;
    fetchAnew.hidden = !facts().can_fetch;
    speakAnew.hidden = !facts().can_speak;
    settle();
  }

  /** Tell what is true of the picture and not seen in it. */
  function noted() {
    notes.replaceChildren(...model.get("notes").map((line) => h("li", {}, line)));
  }

  function heard(message, buffers) {
    if (message.trouble !== undefined) {
      note.textContent = message.trouble;
      note.classList.add("rk-trouble");
    }
    if (message.refused !== undefined) {
      for (const [name, set] of setters) set(model.get("values")[name]);
      refuse(message.refused, message.why);
    }
    if (message.sound !== undefined) {
      load(sound, buffers[0], "audio/mp4");
      sound.hidden = false;
      sound.play();
      note.textContent = message.sound;
    }
    // After a fault nothing follows.
    if (message.done || message.refused !== undefined || message.trouble !== undefined) {
      flying = false;
      view.dataset.answered = Number(view.dataset.answered || 0) + 1;
      while (queue.length && !flying) go(queue.shift());
    }
  }
  // When nothing changed for a moment, the kernel makes captions clear as a render would.
  const settle = rest(700, () => model.send({ settle: true }));

  const sound = h("audio", { controls: true, hidden: true, "aria-label": "How it sounds now" });
  const hear = button("Listen", () => { note.textContent = "Speaking…"; model.send({ listen: true }); });
  const fetchAnew = button("Fetch the footage anew", () => { note.textContent = "Fetching footage; what must be drawn takes a while…"; model.send({ fetch: true }); });
  const speakAnew = button("Speak it anew", () => { note.textContent = "Speaking the words of the next reel…"; model.send({ speak: true }); });
  tools.undo = button("Undo", () => order("undo"), { "aria-keyshortcuts": "Control+Z" });
  tools.redo = button("Redo", () => order("redo"), { "aria-keyshortcuts": "Control+Shift+Z" });
  tools.reset = button("Back to the saved brand", () => order("reset"));
  tools.save = button("Save to the brand file", () => order("save"), { class: "rk-button rk-main" });
  tools.list = h("p", { class: "rk-tuned-list" });
  tools.diff = h("pre", { class: "rk-diff", tabindex: "0", "aria-label": "What changed in the file" });
  view.append(
    h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, facts().title)),
    h("div", { class: "rk-groups", tabindex: "0", role: "group", "aria-label": "Fields" }, groups),
    h("div", { class: "rk-bar" },
      h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Brand" }, tools.save, tools.undo, tools.redo, tools.reset, hear, fetchAnew, speakAnew),
      note, notes),
    sound, tools.list, tools.diff,
  );
  view.addEventListener("keydown", (event) => {
    // While something is typed, Control+Z is the field's own.
    const writes = event.target.closest(".rk-field")?.dataset.typing !== undefined;
    if (!writes && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      order(event.shiftKey ? "redo" : "undo");
    }
  });
  const end = listen(model, { "msg:custom": heard, "change:facts": told, "change:values": told, "change:notes": noted });
  told();
  noted();
  return () => {
    end();
    settle.cancel();
    sound.pause();
    unload(sound);
  };
}

export default { render };
