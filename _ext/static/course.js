// What cannot be decided when the book is built.
"use strict";
// Over file:// a browser may not fetch the pages that search results quote: list the titles without quotations.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
// What scrolls inside itself must be reachable by keyboard, and only then.
const scrollers = "pre, .cell_output .output, .pst-scrollable-table-container, div.math, mjx-container[display]";
const markScrollers = () => {
  for (const box of document.querySelectorAll(scrollers)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
};
new ResizeObserver(markScrollers).observe(document.body); // loaded, typeset, unfolded, turned
// What a reader ticks and answers stays in their own browser, an entry a page; progress.js adds it up on the map.
const place = `course:${location.pathname.split("/").pop().replace(/\.html$/, "")}`;
const kept = () => JSON.parse(localStorage.getItem(place) ?? "{}");
const keep = (kind, of, number, done) => {
  const all = kept();
  all[kind] = { of, done: { ...all[kind]?.done, [number]: done } };
  localStorage.setItem(place, JSON.stringify(all));
};
// A list marked {.ticks} can be ticked.
const ticks = [...document.querySelectorAll("ul.ticks > li")];
for (const [number, item] of ticks.entries()) {
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: kept().ticks?.done[number] ?? false });
  const text = document.createElement("span");
  text.append(...(item.querySelector(":scope > p") ?? item).childNodes);
  label.append(box, text);
  item.replaceChildren(label);
  box.addEventListener("change", () => keep("ticks", ticks.length, number, box.checked));
}
// An exercise's cell becomes a field: the answer is compared as helpers.checks does, by fingerprints.
const fingerprint = (text) => {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) value = ((value ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return value.toString(16).padStart(16, "0");
};
const spellings = (part, digits) => {
  const [, above, below] = part.match(/^([-.\d]+)\s*\/\s*([.\d]+)$/) ?? [];
  const number = below ? above / below : Number(part.replace(/[\u00a0_]/g, ""));
  if (part === "" || !Number.isFinite(number)) return [part.replace(/^['"]|['"]$/g, "").toLowerCase().split(/\s+/).join(" ").trim()];
  if (!digits) return [String(number)];
  if (number === 0) return ["0"];
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(number))) - digits + 1);
  return [-0.25, 0, 0.25].map((step) =>
    (number + step * unit).toExponential(digits - 1).replace(/e([+-])(\d)$/, "e$10$2"));
};
const WHOLE = 6; // parts of an answer that are kept as one fingerprint; longer ones part by part
const partsOf = (text) => text.trim().replace(/^[([]+|[)\]]+$/g, "").split(/[,;]/).map((part) => part.trim()).filter((part) => part !== "");
const fits = (stored, count) => Array.isArray(stored) ? count === stored.length : count <= WHOLE;
const matches = (name, stored, spelled) => {
  if (!fits(stored, spelled.length)) return false;
  if (Array.isArray(stored)) {
    return spelled.every((texts, index) => texts.some((text) => fingerprint(`${name};${index};${text}`) === stored[index]));
  }
  let whole = [name];
  for (const texts of spelled) whole = whole.flatMap((start) => texts.map((end) => `${start};${end}`));
  return whole.some((text) => fingerprint(text) === stored);
};
const checkAnswer = (name, entry, text) => {
  if (!/[^\s,;()[\]]/.test(text)) return [false, "✎ Write your answer into the field."];
  text = text.replaceAll("−", "-").replace(/[±%]/g, "").replace(/\]\s*,?\s*\[/g, ",").trim(); // the minus of formulas; every number is a plain one; rows
  const joined = text.replace(/(?<=\d)[,\s\u202f](?=\d{3}(?!\d))/g, ""); // 86,567,656 is a number, too
  const parted = text.replace(/(?<=\d\.?)\s+(and\s+)?(?=-?\.?\d)/g, ","); // and 1 4 are two
  const bare = parted.replace(/(?<=\d)\s*[a-z]+(?=\s*([,;]|$))/gi, ""); // without units
  const pointed = text.replace(/(?<=\d),(?=\d)/g, "."); // and 0,5 may be a half
  const read = [...new Set([text, joined, parted, bare, pointed])].map(partsOf);
  const stored = [entry.right, ...(entry.slips ?? []).map(({ answer }) => answer)];
  const given = read.filter((parts) => stored.some((one) => fits(one, parts.length)));
  if (given.length === 0) {
    const expected = Array.isArray(entry.right) ? entry.right.length : `at most ${WHOLE}`;
    return [false, `✗ Not yet: expected ${expected} numbers or texts, got ${partsOf(parted).length}. ${entry.hint}`];
  }
  const spelled = given.map((parts) => parts.map((part) => [...new Set(spellings(part, entry.digits))]));
  const isGiven = (one) => spelled.some((texts) => matches(name, one, texts));
  if (isGiven(entry.right)) return [true, "✓ Right."];
  const slip = (entry.slips ?? []).find(({ answer }) => isGiven(answer));
  return [false, `✗ Not yet: ${(slip ?? entry).hint}`];
};
const answers = JSON.parse(document.getElementById("answers")?.textContent ?? "{}");
for (const [number, cell] of document.querySelectorAll("div.cell.tag_exercise").entries()) {
  const name = cell.querySelector(".cell_input")?.textContent.match(/check\("([a-z0-9-]+)"/)?.[1];
  const output = cell.querySelector(".cell_output");
  if (!answers[name] || !output) continue;
  const id = `answer-${number}`;
  const said = Object.assign(document.createElement("p"), { className: "answer-said" });
  said.setAttribute("role", "status");
  const form = Object.assign(document.createElement("form"), { className: "answer" });
  const wanted = cell.querySelector(".cell_input").textContent.match(/#\s*(.*)/)?.[1] ?? "";
  const code = cell.querySelector(".cell_input");
  code.hidden = code.textContent.trim().split("\n").length <= 2; // the field says all that such a cell says
  form.innerHTML = `<label for="${id}">Your answer</label> <input id="${id}" autocomplete="off" spellcheck="false"> <button>Check</button>`;
  form.querySelector("input").placeholder = wanted.length < 40 ? wanted : "";
  form.append(said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [right, text] = checkAnswer(name, answers[name], form.querySelector("input").value);
    said.textContent = text;
    form.dataset.right = right;
    if (!/^✎|: expected/.test(text)) form.dispatchEvent(new CustomEvent("answered", { detail: right, bubbles: true }));
  });
  output.replaceChildren(form);
}
// Exercises, a quiz and the steps of a picture come one at a time; without a script, and on paper, all are shown.
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
const deck = (noun, steps) => {
  const box = make("div", { className: "deck" });
  const bar = make("div", { className: "deck-bar" });
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", `${noun} 1 to ${steps.length}`);
  const said = make("span", { className: "deck-said" });
  said.setAttribute("role", "status");
  const back = make("button", { type: "button", textContent: "← Back" });
  const next = make("button", { type: "button", textContent: "Next →" });
  const numbers = steps.map((_, index) => make("button", { type: "button", textContent: index + 1, className: "deck-number" }));
  steps[0][0].before(box);
  const pages = steps.map((nodes) => {
    const page = make("div", { className: "deck-step" });
    page.append(...nodes);
    return page;
  });
  let shown = 0;
  const show = (index) => {
    shown = index;
    for (const [number, page] of pages.entries()) {
      if (number === index) page.removeAttribute("hidden");
      else page.setAttribute("hidden", "until-found"); // a search in the page still finds it
      numbers[number].setAttribute("aria-current", number === index ? "step" : "false");
      numbers[number].ariaLabel = [`${noun} ${number + 1}`, { yes: "right", no: "wrong" }[numbers[number].dataset.right]].filter(Boolean).join(", ");
    }
    back.disabled = index === 0;
    next.disabled = index === pages.length - 1;
  };
  back.addEventListener("click", () => show(shown - 1));
  next.addEventListener("click", () => show(shown + 1));
  for (const [index, page] of pages.entries()) {
    numbers[index].addEventListener("click", () => show(index));
    page.addEventListener("beforematch", () => show(index));
    page.addEventListener("reveal", () => show(index));
    const mark = (right) => {
      numbers[index].dataset.right ??= right ? "yes" : "no"; // the first answer counts
      const quiz = noun === "Question"; // of a quiz the first answer of a visit, of an exercise any right one
      keep(quiz ? "quiz" : "exercises", pages.length, index,
        quiz ? numbers[index].dataset.right === "yes" : right || (kept().exercises?.done[index] ?? false));
      const right_ones = numbers.filter((one) => one.dataset.right === "yes").length;
      const tried = numbers.filter((one) => one.dataset.right).length;
      said.textContent = `${right_ones} of ${tried} right at the first try`;
      show(shown);
    };
    page.addEventListener("toggle", (event) => {
      if (event.target.matches(".quiz-answer") && event.target.open) mark(event.target.matches(".quiz-right"));
    }, true);
    page.addEventListener("answered", (event) => mark(event.detail));
  }
  bar.append(back, ...numbers, next, said);
  box.append(bar, ...pages);
  show(0);
};
const grouped = (nodes, starts) => { // each start with what follows it
  const groups = [];
  for (const node of nodes) {
    if (starts(node)) groups.push([]);
    groups.at(-1)?.push(node);
  }
  return groups;
};
for (const section of document.querySelectorAll(".bd-article section")) {
  for (const [noun, kind] of [["Exercise", "div.exercise"], ["Question", "div.quiz"]]) {
    const groups = grouped(section.children, (node) => node.matches(kind));
    if (groups.length > 1) deck(noun, groups);
  }
}
for (const box of document.querySelectorAll(".bd-article .stepper")) deck("Step", grouped(box.children, (node) => node.matches("div.cell")));
const reveal = (hash) => {
  const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
  const page = target && target.closest(".deck-step[hidden]");
  if (page) {
    page.dispatchEvent(new Event("reveal"));
    target.scrollIntoView();
  }
};
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (link && link.pathname === location.pathname) reveal(link.hash);
});
window.addEventListener("hashchange", () => reveal(location.hash));
reveal(location.hash);
