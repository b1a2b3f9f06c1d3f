// MusicView: a reel with other music under its voice, or the music alone, to hear, to look at and to take.

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const view = root(el, "music", "Music");
  const note = status();
  const sound = h("audio", { controls: true, class: "rk-audio", "aria-label": "The take that was played last" });
  const head = h("div", { class: "rk-head-line" });
  const picture = h("div", { class: "rk-levels", hidden: true, role: "img" });
  const body = h("tbody");
  const kept = new Map();
  let playing = "", shown = null;

  const first = model.get("takes")[0];
  let mood = first.file ? model.get("moods")[0][0] : first.mood;
  const moods = choice("Mood", model.get("moods").map(([name]) => [name, name]), mood, (name) => { mood = name; });
  const [tempoLabel, tempo] = number("Tempo (bpm)", first.tempo_bpm, 50, 180, 1);
  const [underLabel, under] = number("Under the voice (dB)", first.under_voice_db, 6, 40, 0.5);
  const [seedLabel, seed] = number("Reel", first.seed, 0, 9999, 1);

  const keyOf = (take, alone) => JSON.stringify([take, alone]);
  const told = (take) => (take.file ? "a file, cut to the reel" : new Map(model.get("moods")).get(take.mood));
  const paced = (take) => (take.file ? "its own" : `${take.tempo_bpm} bpm`);

  function play(take, alone) {
    playing = keyOf(take, alone);
    if (kept.has(playing)) { start(kept.get(playing)); return; }
    note.textContent = `Playing ${take.name}…`;
    model.send({ hear: take, alone });
  }

  function start(take) {
    shown = take;
    sound.src = take.url;
    sound.play();
    note.textContent = `${take.said}, ${take.length.toFixed(1)} s`;
    picture.hidden = false;
    picture.setAttribute("aria-label", `How loud ${take.said} is from moment to moment`);
    picture.innerHTML = `<svg viewBox="0 0 ${take.music.length} 200" preserveAspectRatio="none" aria-hidden="true"><path class="rk-voice-level" d="${outline(take.voice)}"/><path class="rk-music-level" d="${outline(take.music)}"/></svg>`;
    picture.append(head);
    move();
  }

  /** Return levels of 0 to 100 as the outline of a shape about the middle. */
  function outline(levels) {
    const over = levels.map((level, at) => `${at} ${100 - level}`), back = levels.map((level, at) => `${at} ${100 + level}`).reverse();
    return `M${[...over, ...back].join("L")}Z`;
  }

  function move() {
    if (shown) head.style.left = `${(sound.currentTime / shown.length) * 100}%`;
  }

  function row(take) {
    const name = `${take.name}, ${take.tempo_bpm} bpm, ${take.under_voice_db} dB under the voice, reel ${take.seed}`;
    return h("tr", {},
      h("th", { scope: "row" }, take.name),
      h("td", {}, h("div", { class: "rk-buttons" },
        button("Hear", () => play(take, false), { "aria-label": `Hear ${name}` }),
        button("Alone", () => play(take, true), { "aria-label": `Hear alone ${name}` }),
        model.get("can_take") ? button("Take it", () => model.send({ take }), { "aria-label": `Take ${name}` }) : null)),
      h("td", {}, told(take)), h("td", { class: "rk-num" }, paced(take)), h("td", { class: "rk-num" }, `${take.under_voice_db} dB`), h("td", { class: "rk-num" }, String(take.seed)));
  }
  const tell = () => body.replaceChildren(...model.get("takes").map(row));

  function heard(message, buffers) {
    if (message.trouble !== undefined) note.textContent = message.trouble;
    if (message.taken !== undefined) note.textContent = message.taken;
    if (message.heard === undefined) return;
    const key = keyOf(message.heard, message.alone), { name } = message.heard;
    if (!model.get("takes").some((take) => keyOf(take, message.alone) === key)) {
      model.set("takes", [...model.get("takes"), message.heard]);
      model.save_changes();
    }
    const url = URL.createObjectURL(new Blob([buffers[0]], { type: "audio/mp4" }));
    kept.set(key, { ...message, url, said: message.alone ? `${name}, alone` : `${name}, under the voice` });
    if (key === playing) start(kept.get(key));
  }

  picture.addEventListener("click", (event) => {
    const place = picture.getBoundingClientRect();
    sound.currentTime = ((event.clientX - place.left) / place.width) * shown.length;
  });
  sound.addEventListener("timeupdate", move);
  sound.addEventListener("seeked", move);

  view.append(
    h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, "Music"), h("p", { class: "rk-notes" }, "the reel with other music")),
    h("div", { class: "rk-scroll", tabindex: "0", role: "group", "aria-label": "Takes" }, h("table", { class: "rk-table" },
      h("caption", {}, "Takes"),
      h("thead", {}, h("tr", {}, ["Music", "Hear", "What is heard"].map((name) => h("th", { scope: "col" }, name)), ["Tempo", "Under the voice", "Reel"].map((name) => h("th", { scope: "col", class: "rk-num" }, name)))),
      body)),
    h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Another take" }, moods, tempoLabel, underLabel, seedLabel, button("Add this take", () => {
      play({ mood, tempo_bpm: tempo(), under_voice_db: under(), file: null, seed: seed(), name: mood }, false);
    })),
    picture, sound, note,
  );
  const end = listen(model, { "msg:custom": heard, "change:takes": tell });
  tell();
  return () => {
    end();
    sound.pause();
    for (const take of kept.values()) URL.revokeObjectURL(take.url);
  };
}

export default { render };
