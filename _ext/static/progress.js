// What a reader ticked and answered (kept by course.js, an entry a page), added up on the map; saved and loaded as a file.
// It stays in the reader's own browser: nothing is sent anywhere.
"use strict";
const START = "course:";
const FORM = "from-convolution-to-attention/progress/1"; // what a file says that it is
const KINDS = {
  ticks: ["goals ticked", (done, of) => `${done} of ${of} ticked`],
  quiz: ["questions right at the first try", (done, of) => `quiz ${done} of ${of}`],
  exercises: ["exercises solved", (done, of) => `exercises ${done} of ${of}`],
};
const element = (tag, properties, ...inside) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
};

// --- what is kept ----------------------------------------------------------------------------------------------------

const isEntry = (entry) => entry !== null && typeof entry === "object" && Object.entries(entry).every(([kind, one]) =>
  kind in KINDS && Number.isInteger(one?.of) && one.of > 0 && one.of < 1000 && one.done !== null && typeof one.done === "object"
  && Object.entries(one.done).every(([number, done]) => /^\d{1,3}$/.test(number) && Number(number) < one.of && typeof done === "boolean"));
const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
const everything = () => {
  const pages = {};
  for (let index = 0; index < localStorage.length; index += 1) {
    const key = localStorage.key(index);
    const entry = key.startsWith(START) ? parsed(localStorage.getItem(key)) : null;
    if (isEntry(entry)) pages[key.slice(START.length)] = entry;
  }
  return pages;
};
const count = (one) => Object.values(one?.done ?? {}).filter(Boolean).length;
// Of a page that is in the file and here: what is true in either stays true.
const merge = (here, loaded) => {
  const both = { ...here };
  for (const [kind, one] of Object.entries(loaded)) {
    const done = { ...here[kind]?.done };
    for (const [number, value] of Object.entries(one.done)) done[number] = value || (done[number] ?? false);
    both[kind] = { of: Math.max(one.of, here[kind]?.of ?? 0), done };
  }
  return both;
};

// --- on the map ------------------------------------------------------------------------------------------------------

const draw = (map) => {
  const pages = everything();
  const sums = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, [0, 0]]));
  const cards = [...map.querySelectorAll(".map-card.map-open")];
  let begun = 0;
  for (const card of cards) {
    const link = card.querySelector("a.map-head");
    const entry = pages[link.pathname.split("/").pop().replace(/\.html$/, "")] ?? {};
    const told = [];
    for (const [kind, [, say]] of Object.entries(KINDS)) {
      if (!entry[kind]) continue;
      told.push(say(count(entry[kind]), entry[kind].of));
      sums[kind][0] += count(entry[kind]);
      sums[kind][1] += entry[kind].of;
    }
    begun += told.length > 0;
    const all = told.length === 3 && Object.values(entry).every((one) => count(one) === one.of);
    card.querySelector(".map-progress")?.remove();
    if (told.length) link.after(element("span", { className: "map-progress" }, (all ? "✓ " : "") + told.join(" · ")));
  }
  const parts = Object.entries(KINDS).filter(([kind]) => sums[kind][1]).map(([kind, [name]]) => `${sums[kind].join(" of ")} ${name}`);
  map.querySelector(".progress-sum").textContent = begun
    ? `Yours so far: ${begun} of ${cards.length} chapters begun. In these: ${parts.join(", ")}.`
    : "Your ticks and answers will be added up here. They stay in this browser.";
};

// --- a file ----------------------------------------------------------------------------------------------------------

const save = () => {
  const text = JSON.stringify({ form: FORM, pages: everything() }, null, 1);
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  element("a", { href: address, download: "course-progress.json" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return "Saved as course-progress.json.";
};
const load = async (file) => {
  const read = parsed(await file.text());
  if (read?.form !== FORM || read.pages === null || typeof read.pages !== "object") return `${file.name} is not a file of this course's progress; nothing was changed.`;
  const pages = Object.entries(read.pages);
  if (!pages.every(([name, entry]) => /^[\w-]{1,80}$/.test(name) && isEntry(entry))) return `${file.name} is damaged; nothing was changed.`;
  const here = everything();
  for (const [name, entry] of pages) localStorage.setItem(START + name, JSON.stringify(merge(here[name] ?? {}, entry)));
  return `Loaded ${file.name}: ${pages.length} ${pages.length === 1 ? "page" : "pages"}, added to what was here.`;
};
const forget = () => {
  for (const name of Object.keys(everything())) localStorage.removeItem(START + name);
  return "Forgotten.";
};

const panel = (map, redraw) => {
  const said = element("p", { className: "progress-said" });
  said.setAttribute("role", "status");
  const after = (text) => {
    redraw();
    said.textContent = text;
  };
  const file = element("input", { type: "file", accept: ".json,application/json", hidden: true });
  file.addEventListener("change", async () => {
    if (file.files.length) after(await load(file.files[0]));
    file.value = ""; // the same file can be chosen again
  });
  const button = (text, act) => {
    const made = element("button", { type: "button", textContent: text });
    made.addEventListener("click", act);
    return made;
  };
  let sure = false; // a second press forgets
  const last = button("Forget all", () => {
    if (sure) after(forget());
    else said.textContent = "Press once more to forget every tick and answer.";
    sure = !sure;
  });
  last.addEventListener("blur", () => { sure = false; });
  const bar = element("div", { className: "deck-bar progress-keys" },
    button("Save to a file", () => after(save())), button("Load a file", () => file.click()), last, file);
  map.append(element("p", { className: "progress-sum" }), bar, said);
};

const maps = [...document.querySelectorAll(".course-map")];
const redraw = () => maps.forEach(draw);
for (const map of maps) panel(map, redraw);
redraw();
window.addEventListener("pageshow", redraw); // back from a chapter
window.addEventListener("storage", redraw); // another tab
