// The window explorer: a map cut into windows, shifted and masked; who may look at whom.
function render({ model, el }) {
  const { side, windows, first } = model.get("data");
  const now = { ...first };
  const { body, say } = frame(el, { name: "windows", title: "Shift the windows, mask the strangers",
    hint: "Choose a token: click it, or use the sliders. Dark blue: the token. Blue: it may look there. Hatched: in its window, but hidden by the mask. Orange: a stranger that it looks at, since there is no mask." });

  const set = (name) => (value) => { now[name] = value; draw(); };
  const shift = slider({ label: "shift", min: 0, max: Math.max(...windows) - 1, step: 1, value: now.shift, onchange: set("shift") });
  const place = (name) => slider({ label: name, min: 1, max: side, step: 1, value: now[name] + 1, onchange: (value) => { now[name] = value - 1; draw(); } });
  const row = place("row"), column = place("column");
  const pattern = unique("hatch");
  const svg = make.svg("svg", { viewBox: "-4 -4 328 328", role: "img" });
  body.append(
    make("div", { class: "windows-both" }, make("div", { class: "windows-picture" }, svg),
      make("div", { class: "windows-controls" },
        choice({ label: "window", options: windows.map((w) => [w, `${w} × ${w}`]), value: now.window, onchange: (value) => {
          now.window = +value;
          const input = shift.querySelector("input");
          input.max = now.window - 1;
          if (now.shift >= now.window) now.shift = now.window - 1;
          input.value = now.shift;
          shift.querySelector("output").textContent = String(now.shift);
          input.setAttribute("aria-valuetext", String(now.shift));
          draw(); } }),
        shift, row, column,
        choice({ label: "seen", options: [["image", "in the image"], ["roll", "after the roll"]], value: now.rolled ? "roll" : "image", onchange: (value) => set("rolled")(value === "roll") }),
        toggle({ label: "mask", checked: now.mask, onchange: set("mask") }))));

  // Where a token stands after the roll, in which window, and in which region of it (as `may_look` numbers them).
  const rolled = (k) => (k - now.shift + side) % side;
  const about = (r, c) => {
    const y = rolled(r), x = rolled(c), wrapped = (k) => +(k >= side - now.shift);
    return { y, x, window: Math.floor(y / now.window) * side + Math.floor(x / now.window), region: 2 * wrapped(y) + wrapped(x) };
  };
  const move = (name, to) => {
    now[name] = to;
    const control = name === "row" ? row : column, input = control.querySelector("input");
    input.value = to + 1;
    control.querySelector("output").textContent = String(to + 1);
    input.setAttribute("aria-valuetext", String(to + 1));
  };

  function draw() {
    const cell = 40, mine = about(now.row, now.column), parts = [];
    let sharing = 0, allowed = 0;
    parts.push(make.svg("defs", {}, make.svg("pattern", { id: pattern, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      make.svg("rect", { width: 8, height: 8, style: "fill:var(--e-card)" }), make.svg("rect", { width: 3, height: 8, style: "fill:var(--e-quiet)" }))));
    for (let r = 0; r < side; r++) for (let c = 0; c < side; c++) {
      const it = about(r, c), here = it.window === mine.window, friend = here && it.region === mine.region;
      sharing += here; allowed += friend;
      const [y, x] = now.rolled ? [it.y, it.x] : [r, c];
      const chosen = r === now.row && c === now.column;
      const fill = chosen ? "var(--e-vit)" : friend ? "rgb(var(--e-mark) / .45)" : !here ? "var(--e-card)" : now.mask ? `url(#${pattern})` : "var(--e-cnn)";
      const strong = chosen || (here && !friend && !now.mask);
      parts.push(make.svg("rect", { x: x * cell + 1, y: y * cell + 1, width: cell - 2, height: cell - 2, rx: 4, class: "windows-cell", style: `fill:${fill}`,
        onclick: () => { move("row", r); move("column", c); draw(); } }));
      if (!(here && !friend && now.mask)) parts.push(make.svg("text", { x: x * cell + cell / 2, y: y * cell + 25, "text-anchor": "middle", "pointer-events": "none",
        style: strong ? "fill:var(--e-card);font-weight:600" : "", text: `${r + 1}${String.fromCharCode(97 + c)}` }));
    }
    for (let k = 0; k <= side; k++) {
      const border = now.rolled ? k % now.window === 0 : (k - now.shift + side) % now.window === 0 || k === 0 || k === side;
      if (!border) continue;
      for (const [x1, y1, x2, y2] of [[k, 0, k, side], [0, k, side, k]])
        parts.push(make.svg("line", { x1: x1 * cell, y1: y1 * cell, x2: x2 * cell, y2: y2 * cell, style: "stroke:var(--e-ink);stroke-width:3;stroke-linecap:round" }));
    }
    svg.replaceChildren(...parts);
    const strangers = sharing - allowed;
    let text = `Windows of ${now.window}, shifted by ${now.shift}: row ${now.row + 1}, column ${now.column + 1} shares a window with ${sharing} tokens, itself among them`;
    if (!strangers) text += "; all are its neighbours in the image, and it may look at all";
    else if (now.mask) text += `; the mask leaves it ${allowed} and hides ${strangers} from another edge of the image`;
    else text += `; without a mask it looks at all, and ${strangers} come from another edge of the image`;
    svg.setAttribute("aria-label", `A map of ${side} by ${side} tokens, ${now.rolled ? "after the roll" : "as in the image"}. ${text}.`);
    say(text);
  }
  draw();
  return () => el.replaceChildren();
}
export default { render };
