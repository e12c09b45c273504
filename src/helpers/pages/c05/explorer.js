// Paint a 3 x 3 kernel and slide it over a picture: the map, how large it is, and the nine products of one place.

const SIDE = 3, MOST = 9;
const signed = (x) => String(x).replace("-", "\u2212");

const outputSize = (n, { stride, padding, dilation }) => Math.floor((n + 2 * padding - dilation * (SIDE - 1) - 1) / stride) + 1;

function render({ model, el }) {
  const { image, kernels } = model.get("data");
  const named = new Map(kernels);
  const [H, W] = image.shape;
  const pixels = Array.from(unpack(image).values, Math.round);
  const OWN = "your own";
  let name = kernels[0][0];
  let kernel = named.get(name).flat();
  const set = { stride: 1, padding: 1, dilation: 1 };
  let then = "nothing";
  let brush = 1; // what a press does to a weight: +1, -1, or 0: erase
  let at = [30, 40]; // the place in the map
  let map, rows, columns, focused = 4;

  const pixel = (r, c) => (r < 0 || c < 0 || r >= H || c >= W ? 0 : pixels[r * W + c]);
  const corner = () => at.map((k) => k * set.stride - set.padding); // the window's first pixel, in the picture
  const windowValues = () => {
    const [top, left] = corner();
    return kernel.map((_, m) => pixel(top + Math.floor(m / SIDE) * set.dilation, left + (m % SIDE) * set.dilation));
  };
  const compute = () => {
    rows = outputSize(H, set);
    columns = outputSize(W, set);
    map = new Float64Array(rows * columns);
    const on = kernel.map((weight, m) => [weight, Math.floor(m / SIDE) * set.dilation, (m % SIDE) * set.dilation]).filter(([weight]) => weight);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (const [weight, u, v] of on) sum += weight * pixel(i * set.stride - set.padding + u, j * set.stride - set.padding + v);
      map[i * columns + j] = sum;
    }
    at = [Math.min(at[0], rows - 1), Math.min(at[1], columns - 1)];
  };
  // The map after what comes next: [values, rows, columns].
  const after = () => {
    if (then === "nothing") return [map, rows, columns];
    const positive = map.map((x) => Math.max(0, x));
    if (then === "relu") return [positive, rows, columns];
    const [r, c] = [Math.floor(rows / 2), Math.floor(columns / 2)];
    const pooled = Float64Array.from({ length: r * c }, (_, m) => {
      const first = 2 * Math.floor(m / c) * columns + 2 * (m % c);
      return Math.max(positive[first], positive[first + 1], positive[first + columns], positive[first + columns + 1]);
    });
    return [pooled, r, c];
  };

  const { body, say } = frame(el, {
    name: "kernel",
    title: "Paint a kernel, slide it over the cat",
    hint: "Press a weight to change it, or choose a kernel. Point at the picture, tap it, or use the arrow keys on it: the window slides.",
  });
  const picker = choice({
    label: "kernel", value: name, options: [...named.keys(), OWN].map((key) => [key, key]),
    onchange: (value) => { if (value !== OWN) { name = value; kernel = named.get(value).flat(); } update(); },
  });
  const number = (label, key, options) => choice({
    label, value: set[key], options: options.map((k) => [k, k]), onchange: (value) => { set[key] = +value; update(); },
  });
  const next = choice({
    label: "then", value: then, options: [["nothing", "nothing"], ["relu", "ReLU"], ["pool", "ReLU, 2 x 2 max pool"]],
    onchange: (value) => { then = value; update(); },
  });
  const brushes = choice({
    label: "a press", value: brush, options: [[1, "adds 1"], [-1, "takes 1 away"], [0, "sets 0"]], onchange: (value) => { brush = +value; },
  });
  const turn = make("button", { type: "button", text: "Turn by 180°", onclick: () => { kernel = [...kernel].reverse(); mine(); update(); } });

  // ---- the kernel: nine buttons, one tab stop
  const mine = () => { name = OWN; picker.querySelector("select").value = OWN; };
  const change = (m, value) => { kernel = kernel.map((old, k) => (k === m ? Math.max(-MOST, Math.min(MOST, value)) : old)); mine(); update(); };
  const press = (m) => change(m, brush === 0 ? 0 : kernel[m] + brush);
  const cells = kernel.map((_, m) => make("button", {
    type: "button", "data-cell": m,
    onclick: () => { focused = m; press(m); },
    onkeydown: (event) => {
      const step = { ArrowUp: -3, ArrowDown: 3, ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (step) {
        const to = m + step;
        if (to >= 0 && to < 9 && (Math.abs(step) === 3 || Math.floor(to / 3) === Math.floor(m / 3))) { focused = to; cells[to].focus(); update(); }
      } else if (event.key === "+" || event.key === "=") change(m, kernel[m] + 1);
      else if (event.key === "-") change(m, kernel[m] - 1);
      else if (/^[0-9]$/.test(event.key)) change(m, +event.key);
      else return;
      event.preventDefault();
    },
  }));
  const grid = make("div", { class: "kernel-grid", role: "group", "aria-label": "Weights of the kernel: arrow keys move, plus and minus change" }, ...cells);
  const seen = kernel.map(() => make("span"));
  const under = make("div", { class: "kernel-grid", "aria-hidden": "true" }, ...seen);
  const total = make("p", { style: "margin-top:.4rem!important;font-variant-numeric:tabular-nums" });

  // ---- the two pictures
  const stage = (label) => {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const over = make.svg("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
    const place = make("div", { class: "kernel-stage", tabindex: 0, role: "application", "aria-label": label }, canvas, over);
    const slide = (event) => {
      const box = place.getBoundingClientRect();
      const part = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
      go(part.map((share, axis) => (place === photo.place
        ? Math.round((share * [H, W][axis] - 0.5 - set.dilation + set.padding) / set.stride)
        : Math.floor(share * [rows, columns][axis]))));
    };
    place.addEventListener("pointerdown", slide);
    place.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse" || event.buttons) slide(event); });
    place.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      go([at[0] + step[0], at[1] + step[1]]);
    });
    return { place, canvas, over };
  };
  const photo = stage("The picture under the window: arrow keys slide it");
  const result = stage("The map: arrow keys slide the window");
  const titles = [make("p"), make("p")];
  const legend = make("div", { style: "color:var(--e-quiet);font-size:.9rem" });
  const steer = ["row", "column"].map((label, axis) => slider({
    label, min: 1, max: 2, step: 1, value: 1, onchange: (value) => go(at.map((k, i) => (i === axis ? value - 1 : k))),
  }));
  for (const control of steer) {
    Object.assign(control.style, { flexWrap: "nowrap", flex: "1 1 9rem" });
    Object.assign(control.querySelector("input").style, { flex: "1 1 auto", width: "4rem", minWidth: "3rem" });
    control.querySelector("output").style.minWidth = "1.6em";
  }
  const go = (place) => {
    const inside = place.map((k, axis) => Math.max(0, Math.min([rows, columns][axis] - 1, k)));
    if (inside[0] === at[0] && inside[1] === at[1]) return;
    at = inside;
    point();
  };
  body.append(
    make("div", { class: "explorer-controls kernel-controls" }, picker, brushes, turn),
    make("div", { class: "explorer-controls kernel-controls" },
      number("stride", "stride", [1, 2, 3]), number("padding", "padding", [0, 1, 2]), number("dilation", "dilation", [1, 2, 4]), next),
    make("div", { class: "kernel-row" },
      make("div", { class: "kernel-picture" }, titles[0], photo.place, make("div", { class: "kernel-controls", style: "display:flex;flex-wrap:wrap;gap:0 1rem;margin-top:.3rem" }, ...steer)),
      make("div", { class: "kernel-middle" }, make("p", { text: "weights" }), grid, make("p", { text: "pixels under them", style: "margin-top:.4rem!important" }), under, total),
      make("div", { class: "kernel-picture" }, titles[1], result.place, legend)));

  const paint = (canvas, height, width, colour) => {
    canvas.width = width;
    canvas.height = height;
    canvas.parentElement.style.aspectRatio = `${width} / ${height}`;
    const context = canvas.getContext("2d"), bits = context.createImageData(width, height);
    for (let m = 0; m < width * height; m++) bits.data.set(colour(m), 4 * m);
    context.putImageData(bits, 0, 0);
  };
  const rgb = (role) => {
    const hex = getComputedStyle(el.querySelector(".explorer")).getPropertyValue(`--e-${role}`).trim();
    return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
  };

  // Everything that the kernel and the choices decide.
  function update() {
    compute();
    const [values, r, c] = after();
    const sizes = Float64Array.from(values, Math.abs).sort();
    const most = Math.max(1, sizes[Math.floor(0.98 * (sizes.length - 1))]); // the border's false edges would leave the rest pale
    const [blue, orange] = [rgb("vit"), rgb("cnn")];
    paint(result.canvas, r, c, (m) => [...(values[m] < 0 ? orange : blue), Math.round(255 * Math.min(1, Math.abs(values[m]) / most))]);
    titles[0].textContent = `the picture, ${H} x ${W}`;
    titles[1].textContent = `the map${then === "nothing" ? "" : then === "relu" ? " after ReLU" : " after ReLU and pooling"}, ${r} x ${c}`;
    legend.textContent = `blue: above 0, orange: below; full colour from ${most} on`;
    cells.forEach((cell, m) => {
      cell.textContent = signed(kernel[m]);
      cell.tabIndex = m === focused ? 0 : -1;
      cell.setAttribute("aria-label", `row ${Math.floor(m / 3) + 1} column ${(m % 3) + 1}: ${kernel[m]}`);
      const strength = kernel[m] ? 0.15 + (0.35 * Math.abs(kernel[m])) / MOST : 0;
      cell.style.background = `color-mix(in srgb, var(--e-${kernel[m] < 0 ? "cnn" : "vit"}) ${Math.round(100 * strength)}%, var(--e-card))`;
    });
    point();
  }

  // Everything that the place decides.
  function point() {
    steer.forEach((control, axis) => {
      const [input, shown] = [control.querySelector("input"), control.querySelector("output")];
      input.max = [rows, columns][axis];
      input.value = at[axis] + 1;
      shown.textContent = input.value;
      input.setAttribute("aria-valuetext", input.value);
    });
    const [top, left] = corner();
    const reach = set.dilation * (SIDE - 1) + 1;
    const box = (x, y, wide, high) => [["card", 4], ["cnn", 2.5]].map(([role, width]) => make.svg("rect", {
      x, y, width: wide, height: high, "vector-effect": "non-scaling-stroke", style: `fill:none;stroke:var(--e-${role});stroke-width:${width}`,
    }));
    photo.over.setAttribute("viewBox", `0 0 ${W} ${H}`);
    photo.over.replaceChildren(...box(left, top, reach, reach));
    const [, r, c] = after();
    const shrink = then === "pool" ? 2 : 1;
    result.over.setAttribute("viewBox", `0 0 ${c} ${r}`);
    result.over.replaceChildren(...box(Math.min(c - 1, Math.floor(at[1] / shrink)), Math.min(r - 1, Math.floor(at[0] / shrink)), 1, 1));
    windowValues().forEach((value, m) => { seen[m].textContent = value; });
    const sum = map[at[0] * columns + at[1]];
    total.textContent = `sum of products: ${signed(sum)}`;
    const size = (n) => `(${n} + 2\u00b7${set.padding} \u2212 ${set.dilation}\u00b7(3 \u2212 1) \u2212 1)/${set.stride}`;
    say(`Row ${at[0] + 1}, column ${at[1] + 1}: the nine products add up to ${signed(sum)}. `
      + `Rows: ${size(H)}, rounded down, + 1 = ${rows}; columns in the same way ${columns}.`
      + (then === "pool" ? ` Pooling halves both: ${r} x ${c}.` : ""));
  }
  paint(photo.canvas, H, W, (m) => [pixels[m], pixels[m], pixels[m], 255]);
  update();
  const themes = new MutationObserver(update); // the map's colours are pixels: they must be painted anew
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "theme"] });
  return () => { themes.disconnect(); el.replaceChildren(); };
}
export default { render };
