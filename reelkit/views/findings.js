// FindingsView: what a check measured, each with a jump to its moment.

function render({ model, el }) {
  el.dataset.accent = model.get("accent");
  el.innerHTML = model.get("html");
  const view = el.querySelector(".rk");
  view.classList.add("rk-live");
  view.dataset.lmSuppressShortcuts = "true";
  newest = view;
  const end = listen(model, {});
  const moments = model.get("moments");
  view.querySelectorAll("tbody tr").forEach((row, index) => {
    const moment = moments[index];
    if (moment === null || moment === undefined || !model.get("can_jump")) return;
    const cell = row.children[4];
    const name = row.querySelector("th").firstChild.textContent;
    cell.replaceChildren(button(cell.textContent, () => model.send({ jump: moment }), { "aria-label": `${name}: show the moment ${cell.textContent}` }));
  });
  return () => { end(); el.replaceChildren(); };
}

export default { render };
