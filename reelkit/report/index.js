document.querySelectorAll("button.sort").forEach((button) => button.addEventListener("click", () => {
  const head = button.closest("th");
  const body = head.closest("table").tBodies[0];
  const place = [...head.parentNode.children].indexOf(head);
  const rising = head.getAttribute("aria-sort") !== "ascending";
  const key = (row) => row.children[place].dataset.sort;
  const order = button.dataset.kind === "number" ? (a, b) => Number(key(a)) - Number(key(b)) : (a, b) => key(a).localeCompare(key(b));
  body.append(...[...body.rows].sort((a, b) => (rising ? order(a, b) : order(b, a))));
  for (const other of head.parentNode.children) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", other === head ? (rising ? "ascending" : "descending") : "none");
}));
