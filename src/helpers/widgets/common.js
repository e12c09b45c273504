// Shared by all explorers; put before each explorer's own lines. Plain modern JavaScript, no library, no network.
const SVG = "http://www.w3.org/2000/svg";
let counter = 0;
const unique = (stem) => `${stem}-${Math.random().toString(36).slice(2, 8)}-${counter++}`;

// make("button", { class: "x", onclick: f, text: "Go" }, child, …); make.svg(…) the same for SVG elements.
const fill = (node, attributes = {}, children = []) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};
const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
make.svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// An array packed by helpers.widgets.base.pack -> { shape, values: Float32Array }.
const unpack = ({ shape, low, high, bytes }) => {
  const levels = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
  return { shape, values: Float32Array.from(levels, (v) => low + (v / 255) * (high - low)) };
};

// In JupyterLab the arrow keys stay with what has the focus, which must itself say so (data-lm-suppress-shortcuts).
// A frame named for screen readers: title, instruction, a body, and one line of text that says what is shown now.
const frame = (el, { name, title, hint }) => {
  const heading = unique("explorer");
  const body = make("div", { class: "explorer-body" });
  const output = make("p", { class: "explorer-output", role: "status", "aria-live": "polite" });
  el.append(
    make("div", { class: "explorer", role: "group", "data-explorer": name, "aria-labelledby": heading,
      onfocusin: (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "") },
      make("p", { class: "explorer-title", id: heading, text: title }),
      hint ? make("p", { class: "explorer-hint", text: hint }) : null, body, output));
  return { body, say: (text) => { output.textContent = text; } };
};

// A labelled range input; `show(value)` writes the value beside it. Arrow keys, touch and mouse come with the browser.
const slider = ({ label, min, max, step, value, show = String, onchange }) => {
  const id = unique("slider");
  const shown = make("output", { for: id, "aria-live": "off" });
  const input = make("input", { type: "range", id, min, max, step, value });
  const update = () => { shown.textContent = show(+input.value); input.setAttribute("aria-valuetext", show(+input.value)); };
  input.addEventListener("input", () => { update(); onchange(+input.value); });
  update();
  return make("div", { class: "explorer-control" }, make("label", { for: id, text: label }), input, shown);
};

// A labelled choice; options are [value, text] pairs.
const choice = ({ label, options, value, onchange }) => {
  const id = unique("choice");
  const select = make("select", { id, onchange: () => onchange(select.value) },
    ...options.map(([key, text]) => make("option", { value: key, text, selected: String(key) === String(value) })));
  return make("div", { class: "explorer-control" }, make("label", { for: id, text: label }), select);
};

// A labelled checkbox.
const toggle = ({ label, checked, onchange }) => {
  const id = unique("toggle");
  const box = make("input", { type: "checkbox", id, checked, onchange: () => onchange(box.checked) });
  return make("div", { class: "explorer-control" }, box, make("label", { for: id, text: label }));
};

// Calls draw(narrow) at once, and again whenever the body's width crosses the border between phone and page; returns the
// cleanup.
const drawnFor = (body, draw) => {
  let before = null;
  const look = () => {
    const narrow = body.clientWidth > 0 && body.clientWidth < 600;
    if (narrow !== before) draw((before = narrow));
  };
  look();
  const observer = new ResizeObserver(look);
  observer.observe(body);
  return () => observer.disconnect();
};
