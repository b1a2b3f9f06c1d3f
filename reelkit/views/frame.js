// FrameView: the exact frame at rest, a small copy of the reel while it moves; until that is made for the style of now, frames at half the size.
// Which frame is shown is said here.

const REST_MS = 90;
const LUMA = new Int32Array(256).map((_, y) => Math.round((255 / 219) * (y - 16) * 65536) + 32768); // and a half, so that >> 16 rounds
const table = (share) => new Int32Array(256).map((_, c) => Math.round(share * (255 / 224) * (c - 128) * 65536));
const [RED_V, GREEN_U, GREEN_V, BLUE_U] = [2 * (1 - 0.2126), (-2 * 0.0722 * (1 - 0.0722)) / 0.7152, (-2 * 0.2126 * (1 - 0.2126)) / 0.7152, 2 * (1 - 0.0722)].map(table);

/** Turn a rectangle of planar BT.709 4:2:0 into the pixels of an image; its edges are even. */
function turn(image, planes, [left, top, right, bottom]) {
  const { width, height } = image;
  const half = width >> 1;
  const u = width * height;
  const v = u + (u >> 2);
  const out = image.data;
  for (let row = top; row < bottom; row++) {
    let at = row * width + left;
    let to = at * 4;
    let chroma = (row >> 1) * half + (left >> 1);
    for (let column = left; column < right; column += 2, chroma++) {
      const cb = planes[u + chroma];
      const cr = planes[v + chroma];
      const red = RED_V[cr];
      const green = GREEN_U[cb] + GREEN_V[cr];
      const blue = BLUE_U[cb];
      for (let twice = 0; twice < 2; twice++, to += 4) {
        const luma = LUMA[planes[at++]];
        out[to] = (luma + red) >> 16;
        out[to + 1] = (luma + green) >> 16;
        out[to + 2] = (luma + blue) >> 16;
        out[to + 3] = 255;
      }
    }
  }
}

/** Put a rectangle's samples, which come plane by plane from `from` on, into a frame's planes; return where they end. */
function patch(planes, width, height, [left, top, right, bottom], bytes, from) {
  for (const [start, scale] of [[0, 1], [width * height, 2], [(width * height * 5) / 4, 2]]) {
    const length = (right - left) / scale;
    for (let row = top / scale; row < bottom / scale; row++, from += length) planes.set(bytes.subarray(from, from + length), start + (row * width + left) / scale);
  }
  return from;
}

/** Return the SHA-256 of bytes as hex, or nothing where the page is not trusted with it (plain http from another machine). */
async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) return "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One picture: a canvas for what is exact and one for what is half as large, video for what moves, and the platforms' own buttons over all. */
class Screen {
  serial = 0;
  undrawn = [];

  constructor(label) {
    this.canvas = h("canvas", { role: "img", "aria-label": label });
    this.half = h("canvas", { class: "rk-half", "aria-hidden": "true" });
    this.video = h("video", { playsinline: true, preload: "auto", tabindex: "-1", "aria-hidden": "true" });
    this.zones = h("div", { class: "rk-zones", "aria-hidden": "true" });
    this.box = h("div", { class: "rk-screen" }, this.canvas, this.half, this.video, this.zones);
    this.name = h("figcaption", {}, label);
    this.frameElement = h("div", { class: "rk-screen-scroll", tabindex: "0", role: "group", "aria-label": `${label}, picture` }, this.box);
    this.element = h("figure", { class: "rk-screen-figure" }, this.frameElement, this.name);
  }

  /** Take a frame, or what differs from the one before it; say whether that one was here. */
  take({ serial, base, parts, width, height }, bytes) {
    if (parts === undefined) {
      // A copy: other views of the same widget are given the same bytes.
      this.planes = bytes.slice();
      if (this.image?.width !== width || this.image.height !== height) this.image = new ImageData(width, height);
      this.undrawn = [[0, 0, width, height]];
    } else {
      if (base !== this.serial) return false;
      parts.reduce((from, part) => patch(this.planes, width, height, part, bytes, from), 0);
      this.undrawn.push(...parts);
    }
    this.serial = serial;
    return true;
  }

  /** Draw what was taken and not drawn yet. */
  draw() {
    const { canvas, image } = this;
    if (canvas.width !== image.width) canvas.width = image.width;
    if (canvas.height !== image.height) canvas.height = image.height;
    const context = canvas.getContext("2d", { alpha: false });
    for (const part of this.undrawn) {
      const [left, top, right, bottom] = part;
      turn(image, this.planes, part);
      context.putImageData(image, 0, 0, left, top, right - left, bottom - top);
    }
    this.undrawn = [];
  }

  /** Show a frame at half the size; the exact one stays as it was, for what will differ from it. */
  drawHalf({ width, height }, bytes) {
    const image = new ImageData(width, height);
    turn(image, bytes, [0, 0, width, height]);
    if (this.half.width !== width) this.half.width = width;
    if (this.half.height !== height) this.half.height = height;
    this.half.getContext("2d", { alpha: false }).putImageData(image, 0, 0);
    this.shows("half");
  }

  /** Say which of its pictures is seen: "exact", "half" or "preview". */
  shows(which) {
    this.box.dataset.shown = which;
  }
}

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const facts = () => model.get("facts");
  const view = root(el, "frame", facts().title);
  const a = new Screen(facts().name_a);
  const b = new Screen(facts().name_b || "Compared");
  const screens = { a, b };
  const where = h("output", { class: "rk-where" });
  const note = status();
  let playing = false;
  let due = false; // playing was asked for before there was what plays
  // What is answered goes to all views of the widget: each knows its own tickets, as they begin where no other's do.
  const first = Math.floor(Math.random() * 2 ** 50);
  const own = (message) => message.ticket > first && message.ticket <= ticket;
  let ticket = first;
  let flying = false;
  let waiting = "";

  let current = Math.min(model.get("frame"), facts().frame_count - 1);

  const seconds = (frame) => (frame * facts().fps_den) / facts().fps_num;
  const last = () => facts().frame_count - 1;
  const sides = () => (model.get("compare") === "off" || !facts().name_b ? ["a"] : ["a", "b"]);
  // Not its readyState: that falls back while it seeks, and the next step of a quick hand would ask the kernel instead.
  let loaded = false;
  a.video.addEventListener("loadeddata", () => { loaded = true; told(); });
  a.video.addEventListener("emptied", () => { loaded = false; });
  // One of another style is none.
  const ready = () => loaded && facts().copy === "ready";

  const scrub = h("input", {
    type: "range", class: "rk-scrub", min: 0, max: last(), step: 1, value: current, "aria-label": "Frame of the reel",
    oninput: () => { pause(); go(Number(scrub.value), true); },
  });

  // --- frames of the kernel's

  function ask(how = "exact") {
    // One request is under way at a time: what was wanted meanwhile is asked for when it came.
    if (flying) { waiting = how; return; }
    flying = true;
    waiting = "";
    if (how === "half") model.send({ want: current, ticket: ++ticket, sides: sides(), half: true });
    else model.send({ want: current, ticket: ++ticket, sides: sides(), whole: sides().some((side) => !screens[side].serial) });
  }
  const atRest = rest(REST_MS, () => ask());

  function answered(message, buffers) {
    if (message.copy !== undefined) return copied(message, buffers);
    if (message.look !== undefined) { pause(); go(message.look); view.scrollIntoView({ block: "center", behavior: "smooth" }); scrub.focus({ preventScroll: true }); return; }
    if (message.trouble !== undefined) { flying = false; note.textContent = message.trouble; return; }
    if (message.planes === undefined) return;
    const screen = screens[message.side];
    const answer = message.ticket === ticket;
    if (answer) flying = false;
    const bytes = new Uint8Array(buffers[0].buffer ?? buffers[0], buffers[0].byteOffset ?? 0, buffers[0].byteLength);
    if (message.half) {
      if (own(message) && !playing && !ready()) screen.drawHalf(message, bytes);
      if (answer && waiting && !playing) ask(waiting);
      return;
    }
    if (!screen.take(message, bytes)) {
      // What it differs from went by before this view was there, or on its own way: the whole is asked for.
      screen.serial = 0;
      return playing ? undefined : ask();
    }
    if (message.frame === current && !playing) {
      screen.draw();
      screen.shows("exact");
      screen.box.dataset.frame = message.frame;
      screen.box.dataset.version = message.version;
      screen.box.dataset.sha256 = "";
      note.textContent = message.note || "";
      view.dispatchEvent(new CustomEvent("rk-exact", { detail: message }));
      sha256(screen.planes).then((hash) => { if (screen.box.dataset.version === String(message.version) && screen.box.dataset.frame === String(message.frame)) screen.box.dataset.sha256 = hash; });
    }
    if (playing) return;
    if (answer && (waiting || message.frame !== current)) ask(waiting || "exact");
    // Of another version, for a view that looks at another frame: it has its own in that version when it rests.
    else if (!message.ticket && message.frame !== current) atRest();
  }

  // --- the small copy, which plays and scrubs without asking anybody

  function copied(message, buffers) {
    // It has that one, and another view asked for it.
    if (a.video.src && facts().copy === "ready") return;
    load(a.video, buffers[0], "video/mp4");
    told();
  }
  const stopPlaying = () => pause();
  a.video.addEventListener("ended", stopPlaying);

  function go(frame, dragged = false) {
    due = false;
    current = Math.min(Math.max(frame, 0), last());
    moved(dragged);
  }

  /** Say at which frame of how many it stands. */
  function counted() {
    scrub.max = last();
    scrub.value = current;
    scrub.setAttribute("aria-valuetext", `frame ${current}, ${clock(seconds(current))}`);
    where.textContent = `${clock(seconds(current))}  ·  frame ${current} of ${last()}`;
  }

  function moved(dragged = false) {
    const frame = current;
    counted();
    if (playing) return;
    if (ready()) {
      a.shows("preview");
      a.video.currentTime = seconds(frame + 0.5);
      atRest();
    } else if (dragged) {
      ask("half");
      atRest();
    } else ask();
  }

  function play() {
    due = !ready() && facts().copy !== "none";
    if (!ready()) { note.textContent = due ? "The moving preview is being made; it plays as soon as it is there." : "There is no moving preview; run the cell again."; return; }
    playing = true;
    atRest.cancel();
    waiting = "";
    note.textContent = "";
    a.shows("preview");
    a.video.muted = false;
    if (current >= last()) a.video.currentTime = 0;
    else a.video.currentTime = seconds(current + 0.5);
    a.video.play();
    playButton.textContent = "Pause";
    requestAnimationFrame(follow);
  }

  function follow() {
    if (!playing) return;
    const frame = Math.min(Math.floor((a.video.currentTime * facts().fps_num) / facts().fps_den + 0.001), last());
    if (frame !== current) { current = frame; moved(); }
    requestAnimationFrame(follow);
  }

  function pause() {
    if (!playing) return;
    playing = false;
    a.video.pause();
    playButton.textContent = "Play";
    moved();
  }

  // --- what is laid over and beside it

  const playButton = button("Play", () => (playing ? pause() : play()));
  const step = (by, text, name) => button(text, () => { pause(); go(current + by); }, { "aria-label": name });
  const zones = choice("Safe zones", [["none", "none"], ...Object.keys(facts().zones).map((name) => [name, name])], model.get("zone"), (zone) => { model.set("zone", zone); model.save_changes(); });
  const zoom = choice("Zoom", [["fit", "fit"], ["1", "100 %"], ["2", "200 %"], ["4", "400 %"]], model.get("zoom"), (zoom) => { model.set("zoom", zoom); model.save_changes(); });
  const compare = choice("Compare", [["off", "off"], ["side", "side by side"], ["swap", "A or B"]], model.get("compare"), (how) => { model.set("compare", how); model.save_changes(); });
  const swap = button("Show B", () => { view.dataset.side = view.dataset.side === "b" ? "a" : "b"; laidOut(); }, { "aria-pressed": "false" });

  function laidOut() {
    const how = facts().name_b ? model.get("compare") : "off";
    compare.hidden = !facts().name_b;
    swap.hidden = how !== "swap";
    if (how !== "swap") view.dataset.side = "a";
    const showsB = view.dataset.side === "b";
    swap.setAttribute("aria-pressed", String(showsB));
    swap.textContent = showsB ? `Show ${facts().name_a}` : `Show ${facts().name_b || "B"}`;
    view.dataset.compare = how;
    view.dataset.zoom = model.get("zoom");
    view.style.setProperty("--rk-shape", facts().width / facts().height);
    a.element.hidden = how === "swap" && showsB;
    b.element.hidden = how === "off" || (how === "swap" && !showsB);
    a.name.textContent = facts().name_a;
    b.name.textContent = facts().name_b || "";
    a.name.hidden = how === "off";
    for (const screen of [a, b]) {
      const scale = model.get("zoom");
      screen.box.style.width = scale === "fit" ? "" : `${(facts().width * Number(scale)) / (globalThis.devicePixelRatio || 1)}px`;
      screen.box.style.aspectRatio = `${facts().width} / ${facts().height}`;
      const zone = facts().zones[model.get("zone")];
      screen.zones.hidden = !zone;
      screen.zones.replaceChildren();
      if (zone) {
        const [top, right, bottom, left] = [zone.top / 19.2, zone.right / 10.8, zone.bottom / 19.2, zone.left / 10.8];
        const part = (inset, text, shape = "") => { const covered = h("div", { class: shape }, h("span", {}, text)); covered.style.inset = inset; return covered; };
        screen.zones.append(
          part(`0 0 ${100 - top}% 0`, "tabs, search"), part(`${100 - bottom}% 0 0 0`, "name, text, sound"),
          part(`${top}% 0 ${bottom}% ${100 - right}%`, "buttons", "rk-upright"), part(`${top}% ${100 - left}% ${bottom}% 0`, ""),
        );
      }
    }
  }

  function told() {
    const { copy } = facts();
    view.dataset.copy = copy === "ready" && !a.video.src ? "making" : copy;
    able(playButton, copy !== "none");
    playButton.title = copy === "making" ? "the moving preview is being made" : "";
    // What plays is never another style than the one that is shown at rest.
    if (playing && copy !== "ready") pause();
    else if (due && ready()) play();
  }

  function changedFacts() {
    const before = current;
    current = Math.min(current, last());
    laidOut();
    told();
    // The frame that it stood at is gone: it stands at the last one now.
    if (current !== before) moved();
    else counted();
  }

  view.append(
    h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, facts().title), where),
    h("div", { class: "rk-screens" }, a.element, b.element),
    scrub,
    h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Frame" },
      playButton, step(-1, "‹", "One frame back"), step(1, "›", "One frame on"), step(-facts().second, "« 1 s", "One second back"), step(facts().second, "1 s »", "One second on"), zones, zoom, compare, swap),
    note,
  );
  view.addEventListener("keydown", (event) => {
    const scrolls = model.get("zoom") !== "fit" && event.target.matches(".rk-screen-scroll");
    if (event.target.matches("select, button, input:not(.rk-scrub)")) return;
    const by = { ",": -1, ".": 1, ...(scrolls ? {} : { ArrowLeft: -1, ArrowRight: 1 }) }[event.key];
    if (by === undefined && event.key !== " ") return;
    event.preventDefault();
    if (event.key === " ") return playing ? pause() : play();
    pause();
    go(current + by * (event.shiftKey ? facts().second : 1));
  });

  const end = listen(model, {
    "msg:custom": answered,
    "change:facts": changedFacts,
    "change:zone": laidOut,
    "change:zoom": laidOut,
    "change:compare": () => { laidOut(); if (sides().length > 1) ask(); },
  });
  for (const screen of [a, b]) screen.shows("exact");
  laidOut();
  told();
  moved();
  model.send({ ready: first });
  return () => {
    end();
    atRest.cancel();
    playing = false;
    a.video.removeEventListener("ended", stopPlaying);
    unload(a.video);
    // When the last view has gone, the kernel lets go of what it keeps for them; one that ended hears nothing.
    if (!view.dataset.ended) model.send({ gone: first });
  };
}

export default { render };
