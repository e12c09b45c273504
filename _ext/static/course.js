// Two things that cannot be decided when the book is built.
"use strict";
// Over file:// a browser may not fetch the pages that search results quote: list the titles without quotations.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
// What scrolls inside itself must be reachable by keyboard, and only then.
const scrollers = "pre, .cell_output .output, .pst-scrollable-table-container, div.math, mjx-container[display]";
const markScrollers = () => {
  for (const box of document.querySelectorAll(scrollers)) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
  }
};
window.addEventListener("load", markScrollers);
window.addEventListener("resize", markScrollers);
// A list marked {.ticks} can be ticked; the ticks stay in the reader's own browser.
for (const [number, item] of document.querySelectorAll("ul.ticks > li").entries()) {
  const key = `ticked:${location.pathname}:${number}`;
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: localStorage.getItem(key) === "yes" });
  const text = document.createElement("span");
  text.append(...(item.querySelector(":scope > p") ?? item).childNodes);
  label.append(box, text);
  item.replaceChildren(label);
  box.addEventListener("change", () => localStorage.setItem(key, box.checked ? "yes" : "no"));
}
