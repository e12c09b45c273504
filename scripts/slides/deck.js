// Keys of a deck: slides, notes, theme, print.
"use strict";
const slides = [...document.querySelectorAll(".slide")];
const current = () => {
  const middle = innerHeight / 2;
  const at = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > middle);
  return at < 0 ? slides.length - 1 : at;
};
// Drawn as large as the window allows, from two fifths to a third more; formulas at most as wide as their place.
const fit = (slide) => {
  const body = slide.querySelector(".slide-body");
  body.style.zoom = 1;
  for (const formula of slide.querySelectorAll(".slide-shown mjx-container[display]")) {
    formula.style.fontSize = "";
    const share = formula.clientWidth / formula.scrollWidth;
    if (share < 1) formula.style.fontSize = `${Math.floor(parseFloat(getComputedStyle(formula).fontSize) * share)}px`;
  }
  const wide = [...slide.querySelectorAll(".slide-shown, .slide-shown pre, .slide-shown mjx-container[display]")];
  const tooWide = () => wide.filter((node) => node.scrollWidth > node.clientWidth + 1).length;
  const atFirst = tooWide();
  const fits = (zoom) => {
    body.style.zoom = zoom;
    return slide.offsetHeight <= innerHeight + 2 && tooWide() <= atFirst;
  };
  let [low, high] = [0.4, 1.33];
  if (fits(high)) return;
  for (let turn = 0; turn < 7; turn += 1) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  body.style.zoom = low;
};
const show = (index) => {
  const slide = slides[Math.min(Math.max(index, 0), slides.length - 1)];
  if (innerWidth > 800) fit(slide);
  slide.scrollIntoView({ behavior: "instant" });
  history.replaceState(null, "", `#${slide.id}`);
};
const toggleNotes = () => {
  const at = current();
  const shown = document.documentElement.classList.toggle("with-notes");
  for (const notes of document.querySelectorAll(".slide-notes")) notes.hidden = !shown;
  show(at);
};
const toggleTheme = () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  Object.assign(document.documentElement.dataset, { theme, mode: theme });
};
const keys = {
  ArrowRight: () => show(current() + 1), ArrowDown: () => show(current() + 1), PageDown: () => show(current() + 1), " ": () => show(current() + 1),
  ArrowLeft: () => show(current() - 1), ArrowUp: () => show(current() - 1), PageUp: () => show(current() - 1),
  Home: () => show(0), End: () => show(slides.length - 1), n: toggleNotes, t: toggleTheme, p: () => print(),
};
addEventListener("beforeprint", () => slides.forEach(fit));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, select, textarea, button, a, [role=slider], [role=grid], [contenteditable], .slide-shown [tabindex]")) return; // an explorer's own keys
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
if (!["dark", "light"].includes(document.documentElement.dataset.theme)) {
  document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
