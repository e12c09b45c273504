// Keys of a deck: slides, notes, theme, print.
"use strict";
const slides = [...document.querySelectorAll(".slide")];
const current = () => {
  const middle = innerHeight / 2;
  const at = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > middle);
  return at < 0 ? slides.length - 1 : at;
};
// What is higher than the window is drawn smaller, down to two fifths, and formulas as wide as their place.
const fit = (slide) => {
  const body = slide.querySelector(".slide-body");
  body.style.zoom = 1;
  for (const formula of slide.querySelectorAll(".slide-shown mjx-container[display]")) {
    formula.style.fontSize = "";
    const share = formula.clientWidth / formula.scrollWidth;
    if (share < 1) formula.style.fontSize = `${Math.floor(parseFloat(getComputedStyle(formula).fontSize) * share)}px`;
  }
  for (let turn = 0; turn < 4 && slide.offsetHeight > innerHeight + 2; turn += 1) {
    const inside = body.getBoundingClientRect().height;
    body.style.zoom = Math.max(0.4, body.style.zoom * (1 - (slide.offsetHeight - innerHeight) / inside));
  }
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
