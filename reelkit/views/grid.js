// GridView: several versions of a reel beside each other; their short previews play and are scrubbed together.

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  const view = root(el, "grid", "Versions side by side");
  const note = status();
  const cells = model.get("cells").map((cell) => {
    const image = h("img", { src: cell.frame, alt: `${cell.name}, a frame` });
    const video = h("video", { playsinline: true, preload: "auto", tabindex: "-1", "aria-label": `${cell.name}, moving`, hidden: true });
    video.muted = true; // as an attribute it would count only in a page as it is parsed
    const heardButton = button("Sound", () => hear(cell.name), { "aria-pressed": "false", "aria-label": `Hear ${cell.name}`, "aria-disabled": "true" });
    return { name: cell.name, image, video, heardButton, element: h("figure", { class: "rk-version" }, image, video, h("figcaption", {}, h("span", {}, cell.name), heardButton)) };
  });
  const seconds = model.get("seconds");
  const scrub = h("input", { type: "range", min: 0, max: seconds, step: 0.01, value: model.get("begins"), class: "rk-scrub", "aria-label": "Moment of all previews", oninput: () => { pause(); cells.forEach((cell) => { cell.video.currentTime = Number(scrub.value); }); } });
  const play = button("Play together", () => (playing() ? pause() : start()), { "aria-disabled": "true" });
  const moving = () => cells.filter((cell) => cell.video.src);
  const playing = () => moving().some((cell) => !cell.video.paused);

  function hear(name) {
    for (const cell of cells) {
      const on = cell.name === name && cell.video.muted;
      cell.video.muted = !on;
      cell.heardButton.setAttribute("aria-pressed", String(on));
    }
  }
  function start() {
    const at = Number(scrub.value) >= seconds - 0.1 ? 0 : Number(scrub.value);
    moving().forEach((cell) => { cell.video.currentTime = at; cell.video.play(); });
    play.textContent = "Pause";
    requestAnimationFrame(follow);
  }
  function pause() {
    moving().forEach((cell) => cell.video.pause());
    play.textContent = "Play together";
  }
  function follow() {
    const lead = moving()[0]?.video;
    if (!lead) return;
    scrub.value = lead.currentTime;
    // One that fell behind is brought to the others.
    moving().slice(1).forEach(({ video }) => { if (Math.abs(video.currentTime - lead.currentTime) > 0.12) video.currentTime = lead.currentTime; });
    if (lead.ended || lead.paused) pause();
    else requestAnimationFrame(follow);
  }
  function heard(message, buffers) {
    if (message.trouble !== undefined) note.textContent = message.trouble;
    if (message.copy === undefined) return;
    const cell = cells[message.copy];
    load(cell.video, buffers[0], "video/mp4");
    cell.video.currentTime = Number(scrub.value);
    cell.video.hidden = false;
    cell.image.hidden = true;
    able(cell.heardButton, true);
    const ready = moving().length;
    able(play, true);
    view.dataset.ready = ready;
    note.textContent = ready < cells.length ? `${ready} of ${cells.length} previews are ready.` : "";
  }
  view.append(
    h("div", { class: "rk-head" }, h("p", { class: "rk-title" }, model.get("title")), h("p", { class: "rk-notes" }, `${cells.length} version${cells.length === 1 ? "" : "s"}`)),
    h("div", { class: "rk-versions" }, cells.map((cell) => cell.element)),
    scrub, h("div", { class: "rk-tools", role: "toolbar", "aria-label": "Versions" }, play), note,
  );
  note.textContent = "Moving previews are being made…";
  const end = listen(model, { "msg:custom": heard });
  model.send({ ready: true });
  return () => { end(); pause(); cells.forEach((cell) => unload(cell.video)); };
}

export default { render };
