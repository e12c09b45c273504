// Softmax explorer: dimension, temperature and the division by the root of d -> weights, entropy, p(1-p).
const readProducts = ({ shape, tops, levels }) => {
  const numbers = new Int16Array(Uint8Array.from(atob(levels), (c) => c.charCodeAt(0)).buffer);
  const [, queries, keys] = shape;
  return (index, query) => Array.from({ length: keys }, (_, k) => (numbers[(index * queries + query) * keys + k] / 32767) * tops[index]);
};
const softmax = (scores) => {
  const most = Math.max(...scores), e = scores.map((s) => Math.exp(s - most)), sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
};
const measures = (p) => ({
  largest: Math.max(...p),
  entropy: -p.reduce((h, v) => (v > 0 ? h + v * Math.log(v) : h), 0),
  gradient: p.reduce((g, v) => g + v * (1 - v), 0) / p.length,
});
const mean = (list) => Object.fromEntries(Object.keys(list[0]).map((name) => [name, list.reduce((s, one) => s + one[name], 0) / list.length]));
const small = (v) => (v >= 0.0005 || v === 0 ? v.toFixed(3) : v.toExponential(0));
const heat = (T) => String(+T.toPrecision(3));

// Mean p(1-p) over d on two logarithmic axes, a line for each setting.
const gradientChart = (dimensions) => {
  const W = 320, H = 190, left = 44, right = 12, top = 12, bottom = 34, low = -5, high = -1;
  const x = (i) => left + (dimensions.length > 1 ? i / (dimensions.length - 1) : 0.5) * (W - left - right);
  const y = (v) => top + ((high - Math.log10(Math.max(v, 10 ** low))) / (high - low)) * (H - top - bottom);
  const svg = make.svg("svg", { class: "soft-lines", viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "img" });
  for (let e = low; e <= high; e++) {
    const at = y(10 ** e);
    svg.append(make.svg("line", { x1: left, x2: W - right, y1: at, y2: at, class: "soft-rule" }),
      make.svg("text", { x: left - 6, y: at + 4, "text-anchor": "end", text: e === low ? "≤ 1e-5" : 10 ** e >= 0.001 ? String(10 ** e) : `1e${e}` }));
  }
  dimensions.forEach((d, i) => svg.append(make.svg("text", { x: x(i), y: H - bottom + 16, "text-anchor": "middle", text: d })));
  svg.append(make.svg("text", { x: (W + left) / 2, y: H - 3, "text-anchor": "middle", text: "dimension d" }));
  const cursor = svg.appendChild(make.svg("line", { y1: top, y2: H - bottom, class: "soft-cursor" }));
  const parts = [false, true].map((scaled) => ({
    scaled, line: svg.appendChild(make.svg("path", { class: `soft-line ${scaled ? "soft-scaled" : "soft-raw"}` })),
    dots: dimensions.map(() => svg.appendChild(scaled ? make.svg("circle", { r: 3.5, class: "soft-dot soft-scaled" })
      : make.svg("rect", { width: 7, height: 7, class: "soft-dot soft-raw" }))),
  }));
  const show = (values, index) => {
    cursor.setAttribute("x1", x(index));
    cursor.setAttribute("x2", x(index));
    parts.forEach(({ scaled, line, dots }) => {
      const list = values(scaled);
      line.setAttribute("d", list.map((v, i) => `${i ? "L" : "M"}${x(i)} ${y(v)}`).join(" "));
      list.forEach((v, i) => (scaled ? fill(dots[i], { cx: x(i), cy: y(v) }) : fill(dots[i], { x: x(i) - 3.5, y: y(v) - 3.5 })));
    });
    const words = (scaled) => values(scaled).map((v, i) => `d ${dimensions[i]}: ${small(v)}`).join(", ");
    svg.setAttribute("aria-label", `Mean p(1-p). Divided by the root of d: ${words(true)}. Not divided: ${words(false)}.`);
  };
  return { svg, show };
};

// The weights as columns; a line across each column is the weight under the other setting.
const weightChart = (keys) => {
  const columns = Array.from({ length: keys }, (_, k) => {
    const bar = make("span", { class: "soft-bar moves" }), ghost = make("span", { class: "soft-ghost moves" });
    const value = make("span", { class: "soft-value" });
    const node = make("div", { class: "soft-column" }, bar, ghost, value,
      make("span", { class: "soft-key", text: keys <= 20 || k % 5 === 4 ? k + 1 : "" }));
    return { node, bar, ghost, value };
  });
  const uniform = make("div", { class: "soft-uniform", style: `bottom:${100 / keys}%` });
  const rules = [0, 0.5, 1].map((v) => make("div", { class: "soft-level", style: `bottom:${100 * v}%` }, make("span", { text: v })));
  const plot = make("div", { class: "soft-plot", role: "img" }, ...rules, ...columns.map((c) => c.node), uniform);
  const show = (shown, other, scaled) => {
    const most = shown.indexOf(Math.max(...shown));
    plot.classList.toggle("soft-is-raw", !scaled);
    columns.forEach(({ bar, ghost, value }, k) => {
      bar.style.height = `${100 * shown[k]}%`;
      ghost.style.bottom = `${100 * other[k]}%`;
      const crowded = other[k] > shown[k] - 0.01 && other[k] < shown[k] + 0.13;
      value.style.bottom = `${100 * (crowded ? Math.max(shown[k], other[k]) : shown[k])}%`;
      value.textContent = k === most ? shown[k].toFixed(2) : "";
    });
    plot.setAttribute("aria-label", `Weights of keys 1 to ${keys}: ${shown.map((v) => v.toFixed(2)).join(", ")}`);
  };
  return { plot, show };
};

// The three measures, for this query and on average, under both settings.
const table = (queries) => {
  const groups = queries > 1 ? ["this query", `mean of ${queries}`] : ["this query"];
  const rows = [["largest", "largest weight", (v) => v.toFixed(2)], ["entropy", "entropy, nats", (v) => v.toFixed(2)],
    ["gradient", "mean p(1−p)", small]].map(([name, text, form]) => {
    const cells = groups.flatMap(() => [make("td"), make("td")]);
    return { name, form, cells, node: make("tr", {}, make("th", { scope: "row", text }), ...cells) };
  });
  const node = make("table", { class: "soft-table" }, make("thead", {},
    make("tr", {}, make("td"), ...groups.map((text) => make("th", { colspan: 2, scope: "colgroup", text }))),
    make("tr", {}, make("td"), ...groups.flatMap(() => [make("th", { scope: "col", text: "÷ √d" }), make("th", { scope: "col", text: "not ÷" })]))),
  make("tbody", {}, ...rows.map((row) => row.node)));
  const show = (lists, scaled) => rows.forEach(({ name, form, cells }) => lists.forEach((one, i) => {
    cells[i].textContent = form(one[name]);
    cells[i].classList.toggle("soft-now", (i % 2 === 0) === scaled);
  }));
  return { node, show };
};

function render({ model, el }) {
  const data = model.get("data");
  const [, queries, keys] = data.shape;
  const products = readProducts(data), { dimensions } = data;
  const { body, say } = frame(el, { name: "softmax", title: "How sharp is the softmax?",
    hint: "Raise the dimension, with and without the division by √d. What happens to the weights, and to their gradient?" });

  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const index = () => Math.max(0, dimensions.indexOf(model.get("dimension")));
  const query = () => Math.max(0, Math.min(model.get("query"), queries - 1));
  const controls = {
    dimension: slider({ label: "dimension", min: 0, max: dimensions.length - 1, step: 1, value: index(),
      show: (i) => `d = ${dimensions[i]}`, onchange: (i) => set("dimension", dimensions[i]) }),
    temperature: slider({ label: "temperature", min: -3, max: 3, step: 0.25, value: Math.log2(model.get("temperature")),
      show: (t) => `T = ${heat(2 ** t)}`, onchange: (t) => set("temperature", 2 ** t) }),
    query: queries > 1 ? slider({ label: "query", min: 1, max: queries, step: 1, value: query() + 1,
      show: (i) => `${i} of ${queries}`, onchange: (i) => set("query", i - 1) }) : null,
    scaled: toggle({ label: "divide by √d", checked: model.get("scaled"), onchange: (on) => set("scaled", on) }),
  };
  const bars = weightChart(keys), lines = gradientChart(dimensions), numbers = table(queries);
  const key = (style, text) => make("span", { class: `soft-name ${style}` }, make("span", { "aria-hidden": "true" }), text);
  const barHead = make("p", { class: "soft-head" }), bothNames = [key("soft-scaled", "÷ √d"), key("soft-raw", "not divided")];
  body.append(make("div", { class: "explorer-controls" }, ...Object.values(controls).filter(Boolean)),
    make("div", { class: "soft-charts" },
      make("div", { class: "soft-left" }, barHead, bars.plot),
      make("div", { class: "soft-right" },
        make("p", { class: "soft-head" }, queries > 1 ? `Mean p(1−p), ${queries} queries` : "Mean p(1−p)"), lines.svg,
        make("p", { class: "soft-legend" }, ...bothNames))),
    make("div", { class: "scroll" }, numbers.node));

  const weights = (i, q, scaled) => softmax(products(i, q).map((s) => s / (scaled ? Math.sqrt(dimensions[i]) : 1) / model.get("temperature")));
  const average = (i, scaled) => mean(Array.from({ length: queries }, (_, q) => measures(weights(i, q, scaled))));
  const draw = () => {
    const i = index(), scaled = model.get("scaled"), T = model.get("temperature");
    const shown = weights(i, query(), scaled), other = weights(i, query(), !scaled);
    const one = measures(shown), two = measures(other);
    bars.show(shown, other, scaled);
    barHead.textContent = `Weights of ${keys} keys, ${scaled ? "÷ √d" : "not divided"}; line: ${scaled ? "not divided" : "÷ √d"}; dotted: 1/${keys}`;
    lines.show((on) => dimensions.map((_, k) => average(k, on).gradient), i);
    const pair = (a, b) => (scaled ? [a, b] : [b, a]);
    numbers.show([...pair(one, two), ...(queries > 1 ? [average(i, true), average(i, false)] : [])], scaled);
    const ratio = two.gradient / one.gradient, factor = ratio >= 1 ? ratio : 1 / ratio;
    const times = factor > 1000 ? "more than 1000" : factor.toFixed(1);
    const compared = factor < 1.05 ? "the same" : `${times} times ${ratio >= 1 ? "larger" : "smaller"}`;
    say(`d = ${dimensions[i]}${T === 1 ? "" : `, T = ${heat(T)}`}, ${scaled ? "scaled" : "not scaled"}: largest weight ` +
      `${one.largest.toFixed(2)}, entropy ${one.entropy.toFixed(2)} of ${Math.log(keys).toFixed(2)} nats, mean p(1-p) ${small(one.gradient)}; ` +
      `${scaled ? "not scaled" : "scaled"} it is ${small(two.gradient)}, ${compared}`);
  };

  // A kernel may set the traits: the controls then follow.
  const follow = (name, value) => {
    const input = controls[name]?.querySelector("input");
    if (!input) return;
    if (input.type === "checkbox") input.checked = value;
    else if (+input.value !== value) { input.value = value; input.dispatchEvent(new Event("input")); }
  };
  const listeners = [
    ["change:dimension", () => { follow("dimension", index()); draw(); }],
    ["change:temperature", () => { follow("temperature", Math.log2(model.get("temperature"))); draw(); }],
    ["change:query", () => { follow("query", query() + 1); draw(); }],
    ["change:scaled", () => { follow("scaled", model.get("scaled")); draw(); }],
  ];
  listeners.forEach(([name, listener]) => model.on(name, listener));
  draw();
  return () => {
    listeners.forEach(([name, listener]) => model.off(name, listener));
    el.replaceChildren();
  };
}
export default { render };
