"use strict";
// a table is sorted by the number that a cell begins with, or by its words
const key = cell => {
  const text = cell.textContent.replace("−", "-").replace(/^[≤≥>]\s*/, "");
  const number = parseFloat(text.replace(/(\d),(?=\d{3})/g, "$1"));
  return Number.isNaN(number) ? text : number;
};
const order = (a, b) => typeof a === typeof b
  ? (typeof a === "number" ? a - b : a.localeCompare(b)) : typeof a === "number" ? -1 : 1;
for (const heading of document.querySelectorAll("th[scope=col]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...heading.childNodes);
  heading.append(button);
  button.addEventListener("click", () => {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const body = heading.closest("table").tBodies[0];
    const rows = [...body.rows].sort((a, b) =>
      order(key(a.cells[heading.cellIndex]), key(b.cells[heading.cellIndex])) * (descending ? -1 : 1));
    for (const row of rows) row.classList.remove("end");
    body.append(...rows);
  });
}

// the words of the point that is nearest to the pointer or the finger
const tip = document.getElementById("tip");
for (const figure of document.querySelectorAll("figure")) {
  const points = [...figure.querySelectorAll("title")].map(title => {
    const words = title.textContent, point = title.parentNode;
    title.remove();  // otherwise the browser shows it too
    return {words, point};
  });
  const show = event => {
    let best = null, least = 14 ** 2;
    for (const one of points) {
      const box = one.point.getBoundingClientRect();
      const distance = (box.x + box.width / 2 - event.clientX) ** 2 + (box.y + box.height / 2 - event.clientY) ** 2;
      if (distance < least) [best, least] = [one, distance];
    }
    tip.hidden = best === null;
    if (best === null) return;
    tip.textContent = best.words;
    tip.style.left = `${Math.min(event.pageX + 12, scrollX + innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${event.pageY + 14}px`;
  };
  figure.addEventListener("pointermove", show);
  figure.addEventListener("pointerdown", show);
  figure.addEventListener("pointerleave", () => { tip.hidden = true; });
}

// the file holds measurements compressed; what is saved is plain
for (const link of document.querySelectorAll("a.csv")) {
  if (typeof DecompressionStream === "undefined") continue;
  link.addEventListener("click", async event => {
    event.preventDefault();
    const bytes = Uint8Array.from(atob(link.href.split(",")[1]), letter => letter.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const saved = document.createElement("a");
    saved.href = URL.createObjectURL(new Blob([await new Response(plain).arrayBuffer()], {type: "text/csv"}));
    saved.download = link.download.replace(/\.gz$/, "");
    saved.click();
    setTimeout(() => URL.revokeObjectURL(saved.href), 60000);
  });
}

addEventListener("beforeprint", () => {
  for (const hidden of document.querySelectorAll("details")) hidden.open = true;
});
