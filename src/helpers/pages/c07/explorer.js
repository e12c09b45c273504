// The layer stack: add and remove layers, watch the field and the paths grow over a picture.

// As path_shares of explorer.py: from the value at the top down to the pixels of one row.
const pathShares = (layers) => layers.reduceRight((shares, [kernel, stride, dilation]) => {
  const out = new Float64Array((shares.length - 1) * stride + 1 + (kernel - 1) * dilation);
  shares.forEach((share, at) => { for (let i = 0; i < kernel; i++) out[at * stride + i * dilation] += share / kernel; });
  return out;
}, Float64Array.of(1));
const squareOfPaths = (shares) => {
  let held = 0;
  const length = shares.length, middle = Math.floor((length - 1) / 2);
  for (let off = middle; off >= 0; off--) {
    held += shares[off] + (length - 1 - off === off ? 0 : shares[length - 1 - off]);
    if (held * held >= 0.95 - 1e-12) return length - 2 * off;
  }
  return length;
};
const fieldsOf = (layers) => {
  let size = 1, jump = 1;
  return layers.map(([kernel, stride, dilation]) => { size += (kernel - 1) * dilation * jump; jump *= stride; return { size, jump }; });
};

function render({ model, el }) {
  const { image, presets, widest } = model.get("data");
  const SIDE = image.width, DRAWN = 448;
  let layers = presets[0][1].map((layer) => [...layer]), close = false;
  const next = { kernel: 3, stride: 1, dilation: 1 };
  const { body, say } = frame(el, { name: "fields", title: "Build a stack, watch its field",
    hint: "The value in the middle is lit by the pixels from which paths lead to it: bright, many paths. Dashed: the field. Solid: the square that holds 95 % of the paths." });

  const options = (values) => values.map((value) => [value, value]);
  const pick = (name, values) => choice({ label: name, options: options(values), value: next[name], onchange: (value) => { next[name] = +value; } });
  const preset = choice({ label: "start from", options: presets.map(([name], i) => [i, name]), value: 0,
    onchange: (i) => { layers = presets[+i][1].map((layer) => [...layer]); draw(); } });
  const button = (text, onclick, extra = {}) => make("button", { type: "button", text, onclick, ...extra });
  const add = button("Add layer", () => {
    const { size, jump } = fieldsOf(layers).at(-1) ?? { size: 1, jump: 1 };
    if (size + (next.kernel - 1) * next.dilation * jump > widest || layers.length >= 60) return say(`No more: a field of ${widest} pixels, or 60 layers, is where this drawing ends`);
    layers.push([next.kernel, next.stride, next.dilation]);
    draw();
  });
  const remove = button("Remove last", () => { layers.pop(); draw(); });
  const zoom = button("Close-up", () => { close = !close; draw(); }, { "aria-pressed": "false" });

  const canvas = make("canvas", { width: DRAWN, height: DRAWN, role: "img" });
  const chart = make.svg("svg", { viewBox: "0 0 448 112", role: "img", class: "fields-row" });
  const rows = make("tbody");
  const table = make("table", { class: "fields-table" }, make("caption", { text: "The stack, from the pixels up" }),
    make("thead", {}, make("tr", {}, ...["layer", "kernel", "stride", "dilation", "field", "step"].map((text) => make("th", { scope: "col", text })))), rows);
  body.append(make("div", { class: "explorer-controls" }, preset, zoom),
    make("div", { class: "explorer-controls" }, pick("kernel", [1, 2, 3, 5, 7, 11, 16]), pick("stride", [1, 2, 4, 16]), pick("dilation", [1, 2, 4, 8, 16]), add, remove),
    make("div", { class: "fields-both" }, make("div", { class: "fields-picture" }, canvas, chart),
      make("div", { class: "fields-stack scroll", tabindex: 0, role: "region", "aria-label": "Layers" }, table)));

  const picture = new Image();
  const paint = (shares, inner) => {
    const length = shares.length, context = canvas.getContext("2d");
    let view = close ? Math.min(SIDE, Math.max(15, Math.ceil(1.3 * length))) : SIDE;
    if (view % 2 !== length % 2) view += view < SIDE ? 1 : -1; // so that the field begins at a pixel's edge
    const scale = DRAWN / view, first = Math.floor((SIDE - view) / 2), low = (view - length) / 2;
    const most = Math.max(...shares), light = (i) => shares[i - low] ?? 0;
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, first, first, view, view, 0, 0, DRAWN, DRAWN);
    const mask = new ImageData(view, view);
    for (let y = 0; y < view; y++) for (let x = 0; x < view; x++) {
      mask.data[4 * (y * view + x) + 3] = Math.round(190 * (1 - Math.sqrt(light(y) * light(x)) / most));
    }
    const shade = make("canvas", { width: view, height: view });
    shade.getContext("2d").putImageData(mask, 0, 0);
    context.drawImage(shade, 0, 0, DRAWN, DRAWN);
    [[length, [9, 7]], [inner, []]].forEach(([side, dashes]) => ["#000", "#fff"].forEach((colour, k) => {
      context.setLineDash(dashes);
      context.lineWidth = k ? 2.5 : 5;
      context.strokeStyle = colour;
      context.strokeRect(((view - side) / 2) * scale, ((view - side) / 2) * scale, side * scale, side * scale);
    }));
    const bars = Array.from({ length: view }, (_, i) => `M${i * scale} 84h${scale}v${(-78 * light(i)) / most}h${-scale}z`);
    chart.replaceChildren(make.svg("path", { d: bars.join(""), style: "fill:var(--e-cnn)" }),
      make.svg("line", { x1: 0, x2: DRAWN, y1: 84, y2: 84, style: "stroke:var(--e-quiet)" }),
      make.svg("text", { x: DRAWN / 2, y: 106, "text-anchor": "middle", style: "font-size:17px", text: `paths from each of ${view} pixels of a row` }));
  };

  function draw() {
    const fields = fieldsOf(layers), shares = pathShares(layers), length = shares.length, inner = squareOfPaths(shares);
    rows.replaceChildren(...layers.map((layer, i) => make("tr", {}, make("th", { scope: "row", text: i + 1 }),
      ...[...layer, fields[i].size, fields[i].jump].map((text) => make("td", { text })))));
    remove.disabled = layers.length === 0;
    zoom.setAttribute("aria-pressed", String(close));
    let text = "No layer: the value is the pixel itself";
    if (layers.length) {
      const { jump } = fields.at(-1), reached = shares.filter((share) => share > 0).length;
      text = `${layers.length} ${layers.length === 1 ? "layer" : "layers"}: the field is ${length} x ${length} pixels, a step of the map is ` +
        `${jump === 1 ? "1 pixel" : `${jump} pixels`}; 95 % of the paths begin within ${inner} x ${inner}`;
      if (reached < length) text += `. Holes: of its ${length} columns ${reached} are reached`;
      if (length > SIDE) text += `. It is wider than the picture's ${SIDE}`;
    }
    canvas.setAttribute("aria-label", `A cat's face under the field. ${text}.`);
    chart.setAttribute("aria-label", `Paths along a row: most in the middle of ${length} pixels.`);
    if (picture.complete && picture.naturalWidth) paint(shares, inner);
    say(text);
  }
  picture.onload = draw;
  picture.src = image.src;
  draw();
  return () => el.replaceChildren();
}
export default { render };
