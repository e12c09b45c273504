// How much of a gap is chance: the interval of an accuracy, the difference of two models, and a test set that leaked.

const Z = 1.959963984540054; // 95 % of a normal distribution lie within so many standard deviations
const colour = (role) => `var(--e-${role})`;

// As helpers.measure.accuracy: Wilson's score interval, and Newcombe's for the difference of two of them.
const wilson = (a, n) => {
  const centre = (a + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z * Math.sqrt((a * (1 - a)) / n + (Z * Z) / (4 * n * n))) / (1 + (Z * Z) / n);
  return [a === 0 ? 0 : Math.max(0, centre - half), a === 1 ? 1 : Math.min(1, centre + half)];
};
const simpleHalf = (a, n) => Z * Math.sqrt((a * (1 - a)) / n);
const newcombe = (a, b, n) => {
  const [[lowA, highA], [lowB, highB]] = [wilson(a, n), wilson(b, n)];
  return [a - b - Math.hypot(a - lowA, highB - b), a - b + Math.hypot(highA - a, b - lowB)];
};

const points = (x) => { const text = (100 * x).toFixed(1); return text === "-0.0" ? "0.0" : text.replace("-", "\u2212"); };
const short = (x) => points(x).replace(/\.0$/, "");
const count = (x) => x.toLocaleString("en-US");
// Images that each of two models needs before the difference leaves 0 out: the first n that does, three digits, rounded up.
const needed = (a, b) => {
  let [low, high] = [0, 1];
  while (newcombe(a, b, high)[0] <= 0 && high < 1e12) [low, high] = [high, 2 * high];
  while (high - low > 1) { const n = Math.floor((low + high) / 2); if (newcombe(a, b, n)[0] <= 0) low = n; else high = n; }
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(high)) - 2);
  return Math.ceil(high / unit) * unit;
};
const range = ([low, high]) => `[${points(low)}, ${points(high)}]`;

function render({ model, el }) {
  const data = model.get("data");
  const withOwn = (stops, own) => [...new Set([...stops, own])].sort((a, b) => a - b);
  const sizes = withOwn([1, 2, 3, 4, 5].flatMap((k) => [1, 1.5, 2, 3, 4, 5, 7].map((m) => Math.round(m * 10 ** k))).filter((m) => m <= 100_000), data.n);
  const accuracies = withOwn(Array.from({ length: 101 }, (_, i) => i / 100), data.accuracy);
  const state = { n: data.n, accuracy: data.accuracy, gap: data.gap, leak: data.leak };
  let narrow = false;

  const { body, say } = frame(el, {
    name: "intervals",
    title: "How much of an accuracy is chance, and how much is a leak",
    hint: "Intervals of 95 % over the draw of test images; other training runs vary on top of that. The brackets are Wilson's "
      + "interval, ± is the simple formula 1.96 √(a(1 - a)/n). The second model sees other test images; on the same images "
      + "a paired test sees smaller gaps, where the errors coincide.",
  });
  const control = (name, label, stops, show) => {
    const made = slider({
      label, min: 0, max: stops.length - 1, step: 1, value: stops.indexOf(state[name]), show: (i) => show(stops[i]),
      onchange: (i) => { state[name] = stops[i]; draw(); },
    });
    Object.assign(made.style, { flexWrap: "nowrap", flex: "1 1 18rem", minWidth: 0, maxWidth: "min(24rem, 100%)" });
    Object.assign(made.querySelector("label").style, { width: "7.2em", flex: "none" });
    Object.assign(made.querySelector("input").style, { flex: "1 1 auto", minWidth: "3rem", width: "6rem" });
    Object.assign(made.querySelector("output").style, { whiteSpace: "nowrap", minWidth: "3.8em" });
    return made;
  };
  const picture = make("div");
  body.append(
    make("div", { class: "explorer-controls" },
      control("n", "test images n", sizes, count),
      control("accuracy", "accuracy a", accuracies, (a) => `${short(a)} %`),
      control("gap", "gap in points", withOwn(Array.from({ length: 201 }, (_, i) => i / 1000), data.gap), points),
      control("leak", "memorised q", withOwn(Array.from({ length: 91 }, (_, i) => i / 100), data.leak), (q) => `${short(q)} %`)),
    picture);
  Object.assign(body.nextElementSibling.style, { whiteSpace: "pre-line" });

  const text = (x, y, content, { at = "start", style = "" } = {}) => make.svg("text", { x, y, "text-anchor": at, text: content, style });
  const line = (x1, y1, x2, y2, role, width = 1, more = "") =>
    make.svg("line", { x1, y1, x2, y2, style: `stroke:${colour(role)};stroke-width:${width};${more}` });
  // Value and interval on a scale: a line with ends, a point in its middle.
  const whisker = (sx, y, value, [low, high], role, hollow) => make.svg("g", {},
    line(sx(low), y, sx(high), y, role, 3), line(sx(low), y - 7, sx(low), y + 7, role, 2), line(sx(high), y - 7, sx(high), y + 7, role, 2),
    make.svg("circle", { cx: sx(value), cy: y, r: 6, style: `fill:${colour(hollow ? "card" : role)};stroke:${colour(role)};stroke-width:2.5` }));
  const tickStep = (width, most) => [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1].find((step) => width / step <= most) ?? 1;
  const ticksIn = (low, high, step) => Array.from({ length: 400 }, (_, i) => (Math.ceil(low / step - 1e-6) + i) * step).filter((t) => t <= high + 1e-9);

  function draw() {
    const { n, accuracy: a, leak: q } = state;
    const b = Math.max(0, a - state.gap), reported = q + (1 - q) * a;
    const [own, other, leaky, between] = [wilson(a, n), wilson(b, n), wilson(reported, n), newcombe(a, b, n)];
    const half = simpleHalf(a, n), clear = between[0] > 0;
    const wide = narrow ? 330 : 740, left = 12, right = wide - 12;

    // The part of the axis that holds the three intervals, in steps that do not jump at each move of a slider.
    const low = Math.min(own[0], other[0], leaky[0]), high = Math.max(own[1], other[1], leaky[1]);
    const span = [0.02, 0.05, 0.1, 0.2, 0.4, 0.7].find((s) => high - low <= 0.86 * s) ?? 1;
    const unit = span / 20;
    const from = span === 1 ? 0 : Math.max(0, Math.min(1 - span, Math.round(((low + high) / 2 - span / 2) / unit) * unit));
    const sx = (x) => left + ((x - from) / span) * (right - left);
    const all = (x) => left + x * (right - left);
    const [top, bottom] = [66, 228];
    const rows = [
      [a, own, "vit", false, `this model ${points(a)} % ${range(own)}`],
      [b, other, "cnn", false, `second model ${points(b)} % ${range(other)}`],
      [reported, leaky, "vit", true, `this model after the leak ${points(reported)} % ${range(leaky)}`],
    ];
    // The difference, on an axis of its own that always holds 0.
    const deep = bottom + 88;
    const reach = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((s) => between[1] <= 0.62 * s && between[0] >= -0.26 * s) ?? 2;
    const [first, final] = [-0.3 * reach, Math.min(1, 0.7 * reach)];
    const dx = (x) => left + ((x - first) / (final - first)) * (right - left);
    const soft = `fill:${colour("quiet")}`;

    picture.replaceChildren(make.svg("svg", {
      viewBox: `0 0 ${wide} ${deep + 72}`, role: "img", style: `width:100%;max-width:${wide * 1.12}px;margin:0 auto`,
      "aria-label": `${rows.map((row) => row[4]).join("; ")}; difference ${points(a - b)} points ${range(between)}`,
    },
    // all accuracies, and the part that is shown larger
    text(left, 14, "0 %", { style: soft }), text((left + right) / 2, 14, "all accuracies", { at: "middle", style: soft }), text(right, 14, "100 %", { at: "end", style: soft }),
    make.svg("rect", { x: left, y: 22, width: right - left, height: 12, rx: 3, style: `fill:${colour("card")};stroke:${colour("line")}` }),
    make.svg("polygon", { points: `${all(from)},22 ${all(from + span)},22 ${all(from + span)},34 ${right},${top} ${left},${top} ${all(from)},34`, style: `fill:${colour("quiet")};fill-opacity:.16` }),
    ...rows.map(([value, , role]) => line(all(value), 22, all(value), 34, role, 2.5)),
    make.svg("rect", { x: left, y: top, width: right - left, height: bottom - top, style: `fill:${colour("card")};stroke:${colour("line")}` }),
    ...ticksIn(from, from + span, tickStep(span, narrow ? 5 : 10)).flatMap((t) => [
      line(sx(t), top, sx(t), bottom, "line"),
      text(Math.max(left + 8, Math.min(right - 8, sx(t))), bottom + 17, short(t), { at: "middle", style: soft }),
    ]),
    text((left + right) / 2, bottom + 35, "accuracy in %", { at: "middle", style: soft }),
    ...rows.flatMap(([value, interval, role, hollow, label], i) => [
      text(left + 8, top + 19 + i * 54, label, { style: `stroke:${colour("card")};stroke-width:4px;paint-order:stroke` }),
      whisker(sx, top + 37 + i * 54, value, interval, role, hollow),
    ]),
    // the difference
    make.svg("rect", { x: left, y: deep - 26, width: right - left, height: 54, style: `fill:${colour("card")};stroke:${colour("line")}` }),
    ...ticksIn(first, final, tickStep(final - first, narrow ? 6 : 12)).map((t) => text(dx(t), deep + 45, short(t), { at: "middle", style: soft })),
    line(dx(0), deep - 26, dx(0), deep + 28, "ink", 2, "stroke-dasharray:5 3"),
    text(left + 8, deep - 33, `difference ${points(a - b)} points ${range(between)}: ${clear ? "more than chance" : "0 is inside"}`),
    whisker(dx, deep + 1, a - b, between, clear ? "ink" : "quiet", !clear),
    text((left + right) / 2, deep + 63, "difference in points", { at: "middle", style: soft })));

    const edge = Math.min(a, 1 - a) * n < 5 ? " (too few right or wrong answers for ±: trust the brackets)" : "";
    const gap = a - b;
    const lower = state.gap > a + 1e-9
      ? `a second model at 0 % (a model of ${short(a)} % leaves no room for ${short(state.gap)} points less)`
      : `a second model ${short(gap)} ${short(gap) === "1" ? "point" : "points"} lower`;
    say([
      `n = ${n}: ${points(a)} % ± ${points(half)} points ${range(own)}${edge}`,
      gap === 0 ? (state.gap > 0 ? `${lower}: no gap to explain` : "a second model just as good: no gap to explain")
        : `${lower}: difference ${range(between)}, `
          + (clear ? "0 lies outside: more than the draw of test images explains" : `0 lies inside: a gap seen like this would leave 0 out from about n = ${count(needed(a, b))} images each on`),
      `if ${short(q)} % of the test set was memorised, a model of ${short(a)} % reports ${short(reported)} %`,
    ].join("\n"));
  }

  return drawnFor(body, (value) => { narrow = value; draw(); });
}
export default { render };
