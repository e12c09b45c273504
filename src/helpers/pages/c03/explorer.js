// Two figures: a secant of x² that becomes its tangent, and the chain rule, one node a step, through one neuron.

const tidy = (x, digits = 4) => String(+(Math.round(x * 1e10) / 1e10).toPrecision(digits) + 0);
const factor = (x) => (x < 0 ? `(${tidy(x)})` : tidy(x)); // as the second factor of a product
const summand = (x) => (x < 0 ? `- ${tidy(-x)}` : `+ ${tidy(x)}`);
const paint = (role) => `var(--e-${role})`;

// Label, slider and value on one line, on a phone too.
const oneLine = (control, width = "14rem") => {
  Object.assign(control.style, { flexWrap: "nowrap", whiteSpace: "nowrap", maxWidth: "100%" });
  Object.assign(control.querySelector("input").style, { width, flex: "0 1 auto", minWidth: "3rem" });
  return control;
};

// ---------------------------------------------------------------------------------------- secant and tangent

const tangentFigure = (el, { point, steps }) => {
  const stops = [...steps].reverse().map((h) => -h).concat(0, steps);
  const square = (x) => x * x;
  const slope = 2 * point;
  const reach = steps.at(-1) + 1;
  let h = steps.at(-1);
  let narrow = false;

  const { body, say } = frame(el, {
    name: "tangent",
    title: `From secant to tangent: x² at x = ${tidy(point)}`,
    hint: "Move h towards 0, from either side. The right picture magnifies the two points, so that they never meet before h = 0.",
  });
  const picture = make("div");
  body.append(
    make("div", { class: "explorer-controls" },
      oneLine(slider({
        label: "step h", min: 0, max: stops.length - 1, step: 1, value: stops.indexOf(h),
        show: (i) => `h = ${tidy(stops[i])}`,
        onchange: (i) => { h = stops[i]; draw(); },
      }))),
    picture);

  // One panel: axes, the parabola, both lines, the points.
  const panel = (left, top, width, height, { x: [x0, x1], y: [y0, y1], curve, lines, points, title, axis, ticks }) => {
    const sx = (x) => left + ((x - x0) / (x1 - x0)) * width;
    const sy = (y) => top + height - ((y - y0) / (y1 - y0)) * height;
    const inside = unique("inside");
    const straight = (gradient, [px, py], role, extra) => make.svg("line", {
      x1: sx(x0), y1: sy(py + gradient * (x0 - px)), x2: sx(x1), y2: sy(py + gradient * (x1 - px)),
      style: `stroke:${paint(role)};stroke-width:2.5;${extra}`,
    });
    const path = Array.from({ length: 81 }, (_, i) => x0 + (i / 80) * (x1 - x0))
      .map((x, i) => `${i ? "L" : "M"}${sx(x).toFixed(1)} ${sy(curve(x)).toFixed(1)}`).join("");
    return make.svg("g", {},
      make.svg("clipPath", { id: inside }, make.svg("rect", { x: left, y: top, width, height })),
      make.svg("rect", { x: left, y: top, width, height, rx: 4, style: `fill:${paint("card")};stroke:${paint("line")}` }),
      make.svg("text", { x: left + 2, y: top - 9, text: title, style: "font-weight:600" }),
      ...ticks.flatMap(([x, text]) => [
        make.svg("line", { x1: sx(x), x2: sx(x), y1: top, y2: top + height, style: `stroke:${paint("line")}` }),
        make.svg("text", { x: sx(x), y: top + height + 17, "text-anchor": "middle", text, style: `fill:${paint("quiet")}` }),
      ]),
      make.svg("text", { x: left + width / 2, y: top + height + 35, "text-anchor": "middle", text: axis, style: `fill:${paint("quiet")}` }),
      make.svg("g", { "clip-path": `url(#${inside})` },
        make.svg("path", { d: path, style: `fill:none;stroke:${paint("quiet")};stroke-width:2.5` }),
        ...lines.map(([gradient, at, role, extra]) => straight(gradient, at, role, extra)),
        ...points.map(([x, y, role]) => make.svg("circle", {
          cx: sx(x), cy: sy(y), r: 5.5, style: `fill:${paint(role)};stroke:${paint("card")};stroke-width:1.5`,
        }))));
  };

  function draw() {
    const secant = h === 0 ? null : (square(point + h) - square(point)) / h;
    const near = Math.abs(h) || steps[0];
    const width = narrow ? 330 : 740;
    const size = narrow ? [306, 210] : [342, 180];
    const dashes = "stroke-dasharray:7 4";
    const ends = [square(point - reach), square(point + reach), 0 >= point - reach && 0 <= point + reach ? 0 : Infinity];
    const top = Math.max(square(point - reach), square(point + reach));
    const floor = Math.min(...ends) - 0.06 * top;
    const whole = panel(12, 24, ...size, {
      title: "the curve", axis: "x", x: [point - reach, point + reach], y: [floor, top], curve: square,
      ticks: [-2, -1, 0, 1, 2].map((i) => [point + (i * reach) / 3, tidy(point + (i * reach) / 3, 3)]),
      lines: [
        [slope, [point, square(point)], "vit", dashes],
        ...(secant === null ? [] : [[secant, [point, square(point)], "cnn", ""]]),
      ],
      points: [...(secant === null ? [] : [[point + h, square(point + h), "cnn"]]), [point, square(point), "vit"]],
    });
    // In the lens one unit is |h|: the curve is then 2·point·u + |h|·u², and bends the less the smaller h is.
    const tall = 1.6 * Math.max(1, Math.abs(slope)) + 1.6 ** 2 * near;
    const lens = panel(narrow ? 12 : 386, narrow ? 310 : 24, ...size, {
      title: h === 0 ? "at the point itself" : `magnified: one unit is |h| = ${tidy(near)}`,
      axis: "steps of |h| from x", x: [-1.6, 1.6], y: [-tall, tall], curve: (u) => slope * u + near * u * u,
      ticks: [-1, 0, 1].map((u) => [u, tidy(u)]),
      lines: [[slope, [0, 0], "vit", dashes], ...(secant === null ? [] : [[secant, [0, 0], "cnn", ""]])],
      points: [...(secant === null ? [] : [[Math.sign(h), Math.sign(h) * secant, "cnn"]]), [0, 0, "vit"]],
    });
    const key = (x, y, role, text, extra = "") => [
      make.svg("line", { x1: x, x2: x + 26, y1: y - 4, y2: y - 4, style: `stroke:${paint(role)};stroke-width:3;${extra}` }),
      make.svg("text", { x: x + 33, y, text }),
    ];
    const bottom = narrow ? 580 : 264;
    const gap = narrow ? 100 : 120;
    picture.replaceChildren(make.svg("svg", {
      viewBox: `0 0 ${width} ${bottom + 12}`, role: "img", style: `width:100%;max-width:${width * 1.15}px;margin:0 auto`,
      "aria-label": secant === null ? `x² with its tangent of slope ${tidy(slope)}`
        : `x² with its tangent of slope ${tidy(slope)} and a secant of slope ${tidy(secant, 6)}`,
    }, whole, lens, ...key(14, bottom, "quiet", "x²"), ...key(14 + gap * 0.85, bottom, "cnn", "secant"),
    ...key(14 + gap * 1.95, bottom, "vit", "tangent", dashes)));
    say(secant === null
      ? `h = 0: the quotient is 0/0, no secant is left; tangent slope ${tidy(slope)}`
      : `h = ${tidy(h)}: secant slope ${tidy(secant, 6)}, tangent slope ${tidy(slope)}`);
  }
  return drawnFor(body, (value) => { narrow = value; draw(); });
};

// ------------------------------------------------------------------------------------- the chain rule, step by step

const chainFigure = (el, { inputs }) => {
  const state = { ...inputs };
  const clean = (x) => Math.round(x * 1e10) / 1e10 + 0;
  let at = 0;
  let narrow = false;
  let v, slopes, gradients; // values, local derivatives and gradients by node

  const compute = () => {
    const { x, w, b, v: out, c, y } = state;
    const a = clean(w * x + b), h = Math.max(0, a), z = clean(out * h + c), p = 1 / (1 + Math.exp(-z));
    v = { x, w, b, v: out, c, y, a, h, z, p, L: y === 1 ? -Math.log(p) : -Math.log(1 - p) };
    slopes = { p: y === 1 ? -1 / p : 1 / (1 - p), z: p * (1 - p), v: h, c: 1, h: out, a: a > 0 ? 1 : 0, w: x, b: 1, x: w };
    gradients = {};
    for (const [node, parent] of Object.entries(PARENT)) gradients[node] = clean((parent === "L" ? 1 : gradients[parent]) * slopes[node]);
  };
  const PARENT = { p: "L", z: "p", v: "z", c: "z", h: "z", a: "h", w: "a", b: "a", x: "a" }; // in the order of the way back
  const FORWARD = ["a", "h", "z", "p", "L"];
  const BACKWARD = Object.keys(PARENT);
  const last = FORWARD.length + BACKWARD.length;
  const shut = () => v.a <= 0;

  const local = { // each local derivative: as a symbol
    p: () => (v.y === 1 ? "-1/p" : "1/(1 - p)"), z: () => "p(1 - p)", v: () => "h", c: () => "1", h: () => "v",
    a: () => "relu'(a)", w: () => "x", b: () => "1", x: () => "w",
  };
  const forwardText = {
    a: () => `a = w · x + b = ${tidy(v.w)} · ${factor(v.x)} ${summand(v.b)} = ${tidy(v.a)}`,
    h: () => `h = relu(a) = max(0, ${tidy(v.a)}) = ${tidy(v.h)}${shut() ? ". The ReLU is shut, since a <= 0" : ""}`,
    z: () => `z = v · h + c = ${tidy(v.v)} · ${factor(v.h)} ${summand(v.c)} = ${tidy(v.z)}`,
    p: () => `p = sigmoid(z) = 1/(1 + exp(${tidy(-v.z)})) = ${tidy(v.p)}`,
    L: () => (v.y === 1 ? `L = -log p = -log ${tidy(v.p)} = ${tidy(v.L)}` : `L = -log(1 - p) = -log ${tidy(1 - v.p)} = ${tidy(v.L)}`),
  };
  const backwardText = (node) => {
    const result = tidy(gradients[node]);
    if (node === "p") {
      return `dL/dp = ${local.p()} = ${v.y === 1 ? `-1/${tidy(v.p)}` : `1/${tidy(1 - v.p)}`} = ${result}`;
    }
    const parent = PARENT[node];
    let text = `dL/d${node} = dL/d${parent} · ${local[node]()} = ${tidy(gradients[parent])} · ${factor(slopes[node])} = ${result}`;
    if (node === "z") text += `, and that is p - y = ${tidy(v.p)} - ${v.y}`;
    if (node === "a" && shut()) text += ". The ReLU is shut (a <= 0): the gradient stops here";
    if ("wbx".includes(node) && shut()) text += `. The ReLU let nothing through${node === "x" ? "" : `: ${node} learns nothing`}`;
    return text;
  };
  const wayTo = (node) => (node === "L" ? ["L"] : [...wayTo(PARENT[node]), node]);
  const detail = (node) => {
    const way = wayTo(node);
    const product = way.slice(1).map((n, i) => (i ? factor(slopes[n]) : tidy(slopes[n]))).join(" · ");
    const parent = PARENT[node];
    return [
      `Local derivative: d${parent}/d${node} = ${local[node]()}${/^[\d.-]+$/.test(local[node]()) ? "" : ` = ${tidy(slopes[node])}`}.`,
      `Product along the path ${way.join(" → ")}: ${product}${way.length > 2 ? ` = ${tidy(gradients[node])}` : ""}.`,
    ];
  };

  const { body, say } = frame(el, {
    name: "backpropagation",
    title: "Back-propagation, one node a step",
    hint: "Forward, each node computes its value. Backward, each multiplies what arrives by its own local derivative. "
      + "Use the buttons, the arrow keys, or press a node; change a weight at any step.",
  });
  const controls = make("div", { class: "explorer-controls" },
    oneLine(slider({ label: "weight w", min: -1, max: 1, step: 0.1, value: state.w, show: (x) => tidy(x), onchange: (x) => set("w", x) }), "8rem"),
    oneLine(slider({ label: "weight v", min: -3, max: 3, step: 0.5, value: state.v, show: (x) => tidy(x), onchange: (x) => set("v", x) }), "8rem"),
    oneLine(slider({ label: "label y", min: 0, max: 1, step: 1, value: state.y, show: (x) => tidy(x), onchange: (x) => set("y", x) }), "4.5rem"));
  const button = (text, act) => make("button", { type: "button", text, onclick: act });
  const start = button("Start", () => go(0));
  const back = button("Back", () => go(at - 1));
  const next = button("Next", () => go(at + 1));
  const count = make("span", { style: `color:${paint("quiet")};font-variant-numeric:tabular-nums` });
  const picture = make("div", {
    tabindex: 0, role: "group", "aria-label": "Computational graph; the left and right arrow keys step through it",
    style: "border-radius:.35rem", onclick: (event) => {
      const node = event.target.closest?.("[data-node]")?.dataset.node;
      if (node) press(node);
    },
  });
  const notes = make("p", { style: `min-height:3em;margin:.4rem 0 0;color:${paint("quiet")};font-variant-numeric:tabular-nums` });
  const stepper = make("div", { onkeydown: (event) => {
    const goal = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    if (goal === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(goal);
  } }, make("div", { class: "explorer-controls", style: "align-items:center;gap:.5rem" }, start, back, next, count), picture, notes);
  body.append(controls, stepper);

  // A second press on the same node goes to its other pass.
  const press = (node) => {
    const stops = [FORWARD.indexOf(node) + 1, BACKWARD.indexOf(node) + 1 && BACKWARD.indexOf(node) + 1 + FORWARD.length].filter(Boolean);
    if (stops.length) go(stops.find((stop) => stop > at) ?? stops[0]);
  };
  const go = (goal) => { at = Math.max(0, Math.min(last, goal)); draw(); };
  const set = (name, value) => { state[name] = clean(value); compute(); draw(); };

  const EDGES = ["xa", "wa", "ba", "ah", "hz", "vz", "cz", "zp", "pL", "yL"];
  const WIDE = { // centres
    x: [52, 36], w: [52, 126], b: [52, 216], a: [193, 126], h: [334, 126], v: [334, 36], c: [334, 216],
    z: [475, 126], p: [616, 126], y: [616, 36], L: [757, 126], size: [809, 252],
  };
  const TALL = {
    x: [56, 36], w: [165, 36], b: [274, 36], a: [165, 136], h: [165, 236], v: [56, 236], c: [274, 236],
    z: [165, 336], p: [165, 436], y: [56, 436], L: [165, 536], size: [330, 574],
  };
  const title = () => ({ a: "a = wx + b", h: "h = relu(a)", z: "z = vh + c", p: "p = σ(z)", L: v.y === 1 ? "L = -log p" : "L = -log(1-p)" });

  function draw() {
    const place = narrow ? TALL : WIDE;
    const [wide, high] = [96, 66];
    const done = FORWARD.slice(0, at); // forward steps taken, and backward ones
    const returned = BACKWARD.slice(0, Math.max(0, at - FORWARD.length));
    const now = at === 0 ? null : at <= FORWARD.length ? FORWARD[at - 1] : BACKWARD[at - 1 - FORWARD.length];
    const backward = at > FORWARD.length;
    const names = title();
    // An edge runs between borders of boxes, along the line of their centres.
    const border = ([cx, cy], [tx, ty]) => {
      const [dx, dy] = [tx - cx, ty - cy];
      const scale = Math.min(wide / 2 / Math.abs(dx || 1e-9), high / 2 / Math.abs(dy || 1e-9));
      return [cx + dx * scale, cy + dy * scale];
    };
    const labels = [];
    const edges = EDGES.map(([from, to]) => {
      const [p, q] = [border(place[from], place[to]), border(place[to], place[from])];
      const lit = backward ? now === from && PARENT[from] === to : now === to;
      const passed = returned.includes(from) && PARENT[from] === to;
      const role = passed ? "cnn" : lit ? "vit" : "quiet";
      const [a, z] = passed ? [q, p] : [p, q]; // a gradient runs against the arrow of its value
      const angle = Math.atan2(z[1] - a[1], z[0] - a[0]);
      const tip = [-2.6, 2.6].map((turn) => `${(z[0] + 9 * Math.cos(angle + turn)).toFixed(1)},${(z[1] + 9 * Math.sin(angle + turn)).toFixed(1)}`);
      const middle = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
      const [sideways, upright] = [Math.abs(q[1] - p[1]) < 1, Math.abs(q[0] - p[0]) < 1];
      const label = passed ? make.svg("text", {
        x: middle[0] + (upright ? 9 : 0), y: middle[1] + (sideways ? -9 : 5), "text-anchor": upright ? "start" : "middle",
        text: `×${tidy(slopes[from], 3)}`,
        style: `fill:${paint("cnn")};font-weight:600;stroke:${paint("back")};stroke-width:4px;paint-order:stroke`,
      }) : null;
      labels.push(label);
      return make.svg("g", {},
        make.svg("line", { x1: a[0], y1: a[1], x2: z[0], y2: z[1], style: `stroke:${paint(role)};stroke-width:${lit ? 3.5 : 1.8};${passed && gradients[from] === 0 ? "stroke-dasharray:4 4" : ""}` }),
        make.svg("polygon", { points: `${z.map((n) => n.toFixed(1)).join(",")} ${tip.join(" ")}`, style: `fill:${paint(role)}` }));
    });
    const nodes = Object.entries(place).filter(([name]) => name !== "size").map(([name, [cx, cy]]) => {
      const lit = name === now;
      const role = backward ? "cnn" : "vit";
      const known = !(name in names) || done.includes(name);
      const line = (dy, text, style) => make.svg("text", { x: cx, y: cy + dy, "text-anchor": "middle", text, style });
      return make.svg("g", { "data-node": name, style: name in names || name in PARENT ? "cursor:pointer" : "" },
        make.svg("rect", {
          x: cx - wide / 2, y: cy - high / 2, width: wide, height: high, rx: 9,
          style: `fill:${paint("card")};stroke:${paint(lit ? role : "line")};stroke-width:${lit ? 4 : 1.5}`,
        }),
        line(-14, names[name] ?? name, "font-weight:600"),
        known ? line(5, tidy(v[name]), lit && !backward ? `fill:${paint("vit")};font-weight:700` : "") : line(5, "?", `fill:${paint("quiet")}`),
        returned.includes(name) ? line(24, `dL/d${name} = ${tidy(gradients[name], 3)}`, `fill:${paint("cnn")};font-size:.85em;font-weight:${lit ? 700 : 500}`) : null);
    });
    const spoken = [...["x", "w", "b", "v", "c", "y"], ...done].map((n) => `${n} = ${tidy(v[n])}`)
      .concat(returned.map((n) => `dL/d${n} = ${tidy(gradients[n])}`)).join(", ");
    picture.replaceChildren(make.svg("svg", {
      viewBox: `0 0 ${place.size.join(" ")}`, role: "img", "aria-label": `The graph so far: ${spoken}`,
      style: `width:100%;max-width:${place.size[0] * 1.08}px;margin:0 auto`,
    }, ...edges, ...nodes, ...labels.filter(Boolean)));
    for (const [key, off] of [[start, at === 0], [back, at === 0], [next, at === last]]) {
      key.setAttribute("aria-disabled", off);
      key.style.opacity = off ? 0.5 : "";
    }
    count.textContent = `step ${at} of ${last}`;
    const lines = backward ? detail(now) : [at === 0
      ? "The ReLU passes a positive number on and turns any other into 0; the label y says which class is right."
      : at < FORWARD.length ? "Each node needs only the values that arrive at it." : "The value is complete: from here on, the way back."];
    notes.replaceChildren(...lines.flatMap((text, i) => (i ? [make("br"), text] : [text])));
    say(at === 0 ? "start: the inputs are known; Next begins the forward pass"
      : `${backward ? "backward" : "forward"}: ${backward ? backwardText(now) : forwardText[now]()}`);
  }
  compute();
  return drawnFor(body, (value) => { narrow = value; draw(); });
};

function render({ model, el }) {
  const data = model.get("data");
  const ends = [tangentFigure(el, data), chainFigure(el, data)];
  el.lastElementChild.style.marginTop = ".9rem";
  return () => ends.forEach((end) => end());
}
export default { render };
