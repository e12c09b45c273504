// Draw test sets from a world where a classifier is right with probability a; a share q of the images leaked.

const Z = 1.959963984540054; // 95 % of a normal distribution lie within so many standard deviations

// As explorer.py: mulberry32, and one letter an image (m remembered, r right, w wrong).
const mulberry32 = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};
const drawTestSet = (random, n, accuracy, leak) => Array.from({ length: n }, () => {
  const leaked = random() < leak, chance = random();
  return leaked ? "m" : chance < accuracy ? "r" : "w";
});
// As helpers.widgets.intervals.wilson_interval.
const wilson = (a, n) => {
  const centre = (a + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z * Math.sqrt((a * (1 - a)) / n + (Z * Z) / (4 * n * n))) / (1 + (Z * Z) / n);
  return [a === 0 ? 0 : Math.max(0, centre - half), a === 1 ? 1 : Math.min(1, centre + half)];
};
const percent = (x) => (100 * x).toFixed(1);

function render({ model, el }) {
  const { sizes, shown, seed, ...now } = model.get("data");
  const random = mulberry32(seed);
  let drawn = 0, held = 0, last = [], rows = []; // rows: [value, low, high, holds]

  const { body, say } = frame(el, { name: "draws", title: "Draw a test set",
    hint: "One square an image: blue is right, orange with a stroke is wrong, a blue ring is right because it was remembered. "
      + "Each test set leaves its 95 % interval; the dashed line is the truth." });
  const change = (name) => (value) => { now[name] = value; drawn = held = 0; rows = []; more(1); };
  const controls = [
    slider({ label: "test images n", min: 0, max: sizes.length - 1, step: 1, value: sizes.indexOf(now.n), show: (i) => String(sizes[i]), onchange: (i) => change("n")(sizes[i]) }),
    slider({ label: "true accuracy a", min: 50, max: 99, step: 1, value: Math.round(100 * now.accuracy), show: (v) => `${v} %`, onchange: (v) => change("accuracy")(v / 100) }),
    slider({ label: "leaked share q", min: 0, max: 50, step: 5, value: Math.round(100 * now.leak), show: (v) => `${v} %`, onchange: (v) => change("leak")(v / 100) }),
    make("button", { type: "button", text: "Draw one", onclick: () => more(1) }),
    make("button", { type: "button", text: "Draw 20", onclick: () => more(20) }),
  ];
  const squares = make.svg("svg", { viewBox: "0 0 400 230", role: "img" });
  const strip = make.svg("svg", { viewBox: "0 0 400 230", role: "img" });
  body.append(make("div", { class: "explorer-controls" }, ...controls),
    make("div", { class: "draws-both" }, make("div", {}, squares), make("div", {}, strip)));

  function more(times) {
    for (let k = 0; k < times; k++) {
      last = drawTestSet(random, now.n, now.accuracy, now.leak);
      const value = (now.n - last.filter((letter) => letter === "w").length) / now.n, [low, high] = wilson(value, now.n);
      const holds = low <= now.accuracy && now.accuracy <= high;
      drawn += 1;
      held += holds;
      rows = [...rows, [value, low, high, holds]].slice(-shown);
    }
    draw();
  }

  function drawSquares() {
    const columns = Math.ceil(Math.sqrt((now.n * 400) / 225)), side = Math.min(400 / columns, 225 / Math.ceil(now.n / columns), 40), gap = 0.12 * side;
    squares.replaceChildren(...last.map((letter, i) => {
      const x = (i % columns) * side + gap / 2, y = Math.floor(i / columns) * side + gap / 2, wide = side - gap;
      const box = { x: x.toFixed(2), y: y.toFixed(2), width: wide.toFixed(2), height: wide.toFixed(2) };
      if (letter === "r") return make.svg("rect", { ...box, style: "fill:var(--e-vit)" });
      if (letter === "m") return make.svg("rect", { ...box, style: `fill:none;stroke:var(--e-vit);stroke-width:${(0.16 * side).toFixed(2)}` });
      return make.svg("g", {}, make.svg("rect", { ...box, style: "fill:var(--e-cnn)" }),
        make.svg("line", { x1: x, y1: y + wide, x2: x + wide, y2: y, style: `stroke:var(--e-back);stroke-width:${(0.1 * side).toFixed(2)}` }));
    }));
    const count = (wanted) => last.filter((letter) => letter === wanted).length;
    squares.setAttribute("aria-label", `A test set of ${now.n} images: ${count("r")} right, ${count("w")} wrong, ${count("m")} remembered.`);
  }

  function drawStrip() {
    const sx = (share) => 12 + 376 * share, text = (x, words, at = "middle") => make.svg("text", { x, y: 226, "text-anchor": at, style: "fill:var(--e-quiet);font-size:14px", text: words });
    const line = (x1, y1, x2, y2, style) => make.svg("line", { x1, y1, x2, y2, style });
    const parts = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [line(sx(share), 0, sx(share), 206, "stroke:var(--e-line)"), text(sx(share), `${100 * share}${share === 1 ? " %" : ""}`, share === 1 ? "end" : "middle")]);
    rows.forEach(([value, low, high, holds], i) => {
      const y = 8 + 10 * i, colour = holds ? "var(--e-vit)" : "var(--e-cnn)";
      parts.push(line(sx(low), y, sx(high), y, `stroke:${colour};stroke-width:4${holds ? "" : ";stroke-dasharray:5 3"}`),
        make.svg("circle", { cx: sx(value), cy: y, r: 4, style: `fill:var(--e-back);stroke:${colour};stroke-width:2` }));
    });
    parts.push(line(sx(now.accuracy), 0, sx(now.accuracy), 206, "stroke:var(--e-ink);stroke-width:2;stroke-dasharray:6 4"));
    strip.replaceChildren(...parts);
    strip.setAttribute("aria-label", `The last ${rows.length} intervals and the true accuracy; ${rows.filter((row) => !row[3]).length} of them miss it.`);
  }

  function draw() {
    drawSquares();
    drawStrip();
    const [value, low, high, holds] = rows[rows.length - 1], remembered = last.filter((letter) => letter === "m").length;
    const byHeart = remembered ? ` (${remembered} of them remembered)` : "";
    say(`Test set ${drawn}: ${Math.round(value * now.n)} of ${now.n} right${byHeart}, ${percent(value)} % [${percent(low)}, ${percent(high)}]. `
      + `The truth, ${(100 * now.accuracy).toFixed(0)} %, lies ${holds ? "inside" : "outside"}. So far ${held} of ${drawn} intervals hold it.`);
  }
  more(1);
  return () => el.replaceChildren();
}
export default { render };
