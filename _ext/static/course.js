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
