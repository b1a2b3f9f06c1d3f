// TimingView: waveform, words and cues on one ruler; play from any word, move its edges, move a cue's break.

const SNAP_PX = 8;
const NUDGE_S = 0.01;
const BY = { durations: "the voice's own durations", alignment: "aligned to the audio", estimated: "estimated from lengths", edited: "moved by hand" };

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const facts = () => model.get("facts");
  const view = root(el, "timing", "Narration");
  const note = status();
  const rate = facts().rate;
  const sound = h("audio", { preload: "auto", "aria-label": "Narration" });
  const ruler = h("div", { class: "rk-ruler" });
  const scroll = h("div", { class: "rk-ruler-scroll", role: "group", "aria-label": "Waveform, words and cues" }, ruler);
  const canvas = h("canvas", { "aria-hidden": "true" });
  const head = h("div", { class: "rk-head-line", "aria-hidden": "true" });
  const undo = button("Undo", () => model.send({ undo: true }));
  const reset = button("Back to how it was", () => model.send({ reset: true }));
  const playButton = button("Play", () => (sound.paused ? playFrom(focused) : sound.pause()));
  let scale = 130;
  let words = [];
  let focused = 0;
  let until = Infinity;
  let held = null;

  const x = (sample) => (sample / rate) * scale;
  const sampleAt = (event) => Math.round(((event.clientX - ruler.getBoundingClientRect().left) / scale) * rate);

  /** Return the sample, or the nearest onset, end or neighbour's edge within reach. */
  function snapped(sample, others) {
    let best = sample;
    let near = (SNAP_PX / scale) * rate;
    for (const place of [...model.get("snaps"), ...others]) {
      const away = Math.abs(place - sample);
      if (away < near) { near = away; best = place; }
    }
    return best;
  }

  function room(index) {
    const list = model.get("words");
    return [index ? list[index - 1].end : 0, index + 1 < list.length ? list[index + 1].start : facts().samples];
  }

  /** Let the click that ends a drag play nothing: snapped away, an edge leaves the pointer over its word. */
  function unclicked() {
    const stop = (event) => event.stopPropagation();
    ruler.addEventListener("click", stop, { capture: true });
    setTimeout(() => ruler.removeEventListener("click", stop, { capture: true }));
  }

  function drag(index, edge) {
    return (event) => {
      event.preventDefault();
      event.stopPropagation();
      const word = { ...model.get("words")[index] };
      const [low, high] = room(index);
      const least = Math.round(0.02 * rate);
      const move = (moving) => {
        const at = snapped(sampleAt(moving), [low, high]);
        if (edge === "start") word.start = Math.min(Math.max(at, low), word.end - least);
        else word.end = Math.max(Math.min(at, high), word.start + least);
        place(words[index], word.start, word.end);
        held = index;
        note.textContent = `${word.text}: ${(word.start / rate).toFixed(3)} to ${(word.end / rate).toFixed(3)} s`;
      };
      const drop = () => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", drop);
        unclicked();
        if (held === index) model.send({ move: index, start: word.start, end: word.end });
        held = null;
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", drop);
    };
  }

  function dragBreak(index) {
    return (event) => {
      event.preventDefault();
      const list = model.get("words");
      let to = index;
      const marker = event.currentTarget;
      const move = (moving) => {
        const at = sampleAt(moving);
        const own = list.map((word, place) => [word, place]).filter(([word]) => word.sentence === list[index].sentence);
        to = own.reduce((best, [word, place]) => (Math.abs(word.start - at) < Math.abs(list[best].start - at) ? place : best), index);
        marker.style.left = `${x(list[to].start)}px`;
      };
      const drop = () => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", drop);
        unclicked();
        if (to !== index) model.send({ shift: [index, to] });
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", drop);
    };
  }

  function place(element, start, end) {
    element.style.left = `${x(start)}px`;
    element.style.width = `${Math.max(x(end) - x(start), 4)}px`;
  }

  function name(word) {
    return `${word.text}, ${(word.start / rate).toFixed(2)} to ${(word.end / rate).toFixed(2)} s, ${BY[word.by]}${word.begins ? ", begins a cue" : ""}`;
  }

  function keys(index) {
    return (event) => {
      const word = model.get("words")[index];
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const nudge = Math.round(NUDGE_S * rate) * (by ?? 0);
      const [low, high] = room(index);
      if (by && event.shiftKey) model.send({ move: index, start: Math.max(word.start + nudge, low), end: word.end });
      else if (by && event.altKey) model.send({ move: index, start: word.start, end: Math.min(word.end + nudge, high) });
      else if (by) focusWord(Math.min(Math.max(index + by, 0), words.length - 1));
      else if (event.key === "Home") focusWord(0);
      else if (event.key === "End") focusWord(words.length - 1);
      else if (event.key === "Enter" || event.key === " ") { if (sound.paused) playFrom(index); else sound.pause(); }
      else if (event.key.toLowerCase() === "b" && !event.ctrlKey) model.send({ break: index });
      else if (event.key === "Escape") sound.pause();
      else return;
      event.preventDefault();
    };
  }

  function focusWord(index) {
    words[focused]?.setAttribute("tabindex", "-1");
    focused = index;
    words[index].setAttribute("tabindex", "0");
    words[index].focus({ preventScroll: true });
    words[index].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function told() {
    const kept = words[focused] === document.activeElement;
    const width = Math.ceil(x(facts().samples));
    ruler.style.width = `${width}px`;
    const list = model.get("words");
    words = list.map((word, index) => {
      const element = h("div", {
        class: `rk-said rk-${word.by}`, role: "button", tabindex: index === focused ? "0" : "-1", "aria-label": name(word), "data-word": index, title: name(word),
        onkeydown: keys(index), onclick: () => { focusWord(index); playFrom(index); },
      },
        h("span", { class: "rk-said-text", lang: facts().language, dir: "auto" }, word.text),
        word.joined ? null : h("span", { class: "rk-edge rk-edge-start", "data-edge": "start", onpointerdown: drag(index, "start"), onclick: (event) => event.stopPropagation() }),
        list[index + 1]?.joined ? null : h("span", { class: "rk-edge rk-edge-end", "data-edge": "end", onpointerdown: drag(index, "end"), onclick: (event) => event.stopPropagation() }));
      place(element, word.start, word.end);
      return element;
    });
    const bands = model.get("cues").map(([start, end, text], number) => {
      const band = h("div", { class: "rk-band", title: text }, h("span", {}, `${number + 1}`));
      place(band, start, end);
      return band;
    });
    const marks = facts().can_break ? list.flatMap((word, index) => {
      if (!word.begins || word.opens) return [];
      const mark = h("span", { class: "rk-break", "data-break": index, title: "drag this break to another word", onpointerdown: dragBreak(index) });
      mark.style.left = `${x(word.start)}px`;
      return [mark];
    }) : [];
    const ticks = [];
    for (let second = 0; second <= facts().samples / rate; second++) {
      const tick = h("span", { class: "rk-second", "aria-hidden": "true" }, `0:${String(second % 60).padStart(2, "0")}`.replace("0:", `${Math.floor(second / 60)}:`));
      tick.style.left = `${second * scale}px`;
      ticks.push(tick);
    }
    ruler.replaceChildren(canvas, ...ticks, ...words, ...bands, ...marks, head);
    if (kept) words[focused]?.focus({ preventScroll: true });
    able(undo, facts().undo);
    able(reset, facts().edited);
    note.textContent = facts().said;
    note.classList.remove("rk-trouble");
    wave(width);
  }

  function wave(width) {
    canvas.width = Math.min(width, 30000);
    canvas.height = 64;
    canvas.style.width = `${width}px`;
    const context = canvas.getContext("2d");
    const peaks = model.get("peaks");
    context.fillStyle = "#8d877b"; // is seen on either theme
    const step = canvas.width / peaks.length;
    peaks.forEach((peak, index) => context.fillRect(index * step, 32 - (peak / 100) * 30, Math.max(step * 0.8, 0.7), Math.max((peak / 100) * 60, 1)));
  }

  function playFrom(index) {
    const word = model.get("words")[index];
    if (!word || !sound.src) { note.textContent = "The sound is on its way."; return; }
    sound.currentTime = word.start / rate;
    until = Infinity;
    sound.play();
  }

  function follow() {
    const at = sound.currentTime * rate;
    head.style.left = `${x(at)}px`;
    model.get("words").forEach((word, index) => words[index]?.classList.toggle("rk-now", !sound.paused && word.start <= at && at < word.end));
    if (sound.paused || at >= until) return;
    const left = x(at) - scroll.scrollLeft;
    if (left > scroll.clientWidth * 0.85 || left < 0) scroll.scrollLeft = x(at) - scroll.clientWidth * 0.2;
    requestAnimationFrame(follow);
  }
  const started = () => { playButton.textContent = "Pause"; requestAnimationFrame(follow); };
  const stopped = () => { playButton.textContent = "Play"; follow(); };
  sound.addEventListener("play", started);
  sound.addEventListener("pause", stopped);

  function heard(message, buffers) {
    if (message.trouble !== undefined) { note.textContent = message.trouble; note.classList.add("rk-trouble"); }
    if (message.sound !== undefined) { load(sound, buffers[0], "audio/mp4"); view.dataset.sound = "ready"; }
  }

  const zoom = h("input", { type: "range", min: 40, max: 400, step: 10, value: scale, "aria-label": "Zoom, pixels a second", oninput: () => { scale = Number(zoom.value); told(); } });
  view.append(
    h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, "Narration"), h("p", { class: "rk-notes" }, facts().notes.map((part) => h("span", {}, part)))),
    h("ul", { class: "rk-legend", "aria-label": "How words were timed" }, facts().methods.map((by) => h("li", { class: `rk-key rk-${by}` }, BY[by]))),
    scroll,
    h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Narration" }, playButton, undo, reset, h("label", { class: "rk-field-inline rk-zoom" }, h("span", {}, "Zoom"), zoom)),
    h("p", { class: "rk-foot" }, "Arrow keys go from word to word, Enter plays from it. Shift and arrows move its start, Alt and arrows its end, by 10 ms. B begins or joins a cue. With the pointer, drag a word's edge or a cue's mark."),
    note, sound,
  );
  view.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") { event.preventDefault(); model.send({ undo: true }); }
  });
  const end = listen(model, { "msg:custom": heard, "change:words": told, "change:cues": told, "change:facts": told });
  told();
  model.send({ ready: true });
  return () => {
    end();
    sound.removeEventListener("play", started);
    sound.removeEventListener("pause", stopped);
    sound.pause();
    unload(sound);
  };
}

export default { render };
