// VoiceView: one line in several voices, speeds and pauses, to hear one after the other and to take one.

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const view = root(el, "voice", "Voice");
  const note = status();
  const sound = h("audio", { controls: true, class: "rk-audio", "aria-label": "The take that was played last" });
  const body = h("tbody");
  const line = h("textarea", { rows: 2, "aria-label": "The line to hear" }, model.get("line"));
  const takes = new Map();
  let playing = null;

  const first = model.get("takes")[0];
  let voice = first.voice;
  const voices = choice("Voice", model.get("voices").map((name) => [name, name]), voice, (name) => { voice = name; });
  const [speedLabel, speed] = number("Speed", first.speed, 0.5, 2, 0.02);
  const [pauseLabel, pause] = number("Pause (ms)", first.sentence_pause_ms, 0, 2000, 20);

  function play(take) {
    playing = take;
    const kept = takes.get(JSON.stringify([line.value, take]));
    if (kept) { sound.src = kept; sound.play(); return; }
    note.textContent = "Speaking…";
    model.send({ say: line.value, take });
  }

  function row(take) {
    const name = `${take.voice}, speed ${take.speed}, pause ${take.sentence_pause_ms} ms`;
    return h("tr", {},
      h("th", { scope: "row" }, take.voice), h("td", { class: "rk-num" }, String(take.speed)), h("td", { class: "rk-num" }, `${take.sentence_pause_ms} ms`),
      h("td", {}, button("Hear", () => play(take), { "aria-label": `Hear ${name}` }), " ", model.get("can_take") ? button("Take it", () => model.send({ take }), { "aria-label": `Take ${name}` }) : null));
  }
  const told = () => body.replaceChildren(...model.get("takes").map(row));

  function heard(message, buffers) {
    if (message.trouble !== undefined) note.textContent = message.trouble;
    if (message.taken !== undefined) note.textContent = message.taken;
    if (message.said === undefined) return;
    const url = URL.createObjectURL(new Blob([buffers[0]], { type: "audio/mp4" }));
    if (!model.get("takes").some((take) => JSON.stringify(take) === JSON.stringify(message.take))) {
      model.set("takes", [...model.get("takes"), message.take]);
      model.save_changes();
    }
    takes.set(JSON.stringify([message.said, message.take]), url);
    note.textContent = `${message.length.toFixed(2)} s`;
    if (JSON.stringify(playing) === JSON.stringify(message.take)) { sound.src = url; sound.play(); }
  }

  view.append(
    h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, "Voice"), h("p", { class: "rk-notes" }, "one line in several ways")),
    line,
    h("div", { class: "rk-scroll", tabindex: "0", role: "group", "aria-label": "Takes" }, h("table", { class: "rk-table" },
      h("caption", {}, "Takes"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Voice"), h("th", { scope: "col", class: "rk-num" }, "Speed"), h("th", { scope: "col", class: "rk-num" }, "Pause"), h("th", { scope: "col" }, "Hear"))),
      body)),
    h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Another take" }, voices, speedLabel, pauseLabel, button("Add this take", () => {
      play({ voice, speed: speed(), sentence_pause_ms: pause() });
    })),
    sound, note,
    model.get("missing").length ? h("details", { class: "rk-more" }, h("summary", {}, "Voices that are not ready"), h("ul", {}, model.get("missing").map((line) => h("li", {}, line)))) : "",
  );
  const end = listen(model, { "msg:custom": heard, "change:takes": told });
  told();
  return () => {
    end();
    sound.pause();
    for (const url of takes.values()) URL.revokeObjectURL(url);
  };
}

export default { render };
