// Build a block and read its price: its layers drawn as wide as they have channels, their weights and MACs, and the sums.

// As Step.weights of blocks.py: k^2 C C', or k^2 C where each channel is on its own; a pooling has k = 0.
const weightsOf = ({ kernel, from, to, depthwise }) => kernel ** 2 * from * (depthwise ? 1 : to);
// The branches come with their channels in sixteenths of the block's.
const built = ({ branches }, channels) => branches.map((branch) => branch.map(([kernel, from, to, depthwise]) => (
  { kernel, from: (from * channels) / 16, to: (to * channels) / 16, depthwise })));
const total = (branches) => branches.flat().reduce((sum, step) => sum + weightsOf(step), 0);

const whole = (x) => x.toLocaleString("en-US");
const short = (x) => {
  const [unit, sign] = [[1e9, " G"], [1e6, " M"], [1e3, " k"]].find(([size]) => x >= 0.9995 * size) ?? [1, ""];
  return unit === 1 ? String(x) : (x / unit).toPrecision(3) + sign;
};
// No line ends within "3 x 3", "256 -> 64" or "13.6 M".
const bound = (text) => text.replace(/ ([×→]|[kMG] MACs) ?/g, "\u00a0$1\u00a0").trimEnd();
const kind = ({ kernel, depthwise }) => (kernel === 0 ? "pooling" : `${kernel} × ${kernel}${depthwise ? " depthwise" : ""}`);
const flow = ({ from, to, depthwise }) => (depthwise ? `${from}` : `${from} → ${to}`);
const spoken = (step) => kind(step) + (step.kernel ? `, ${flow(step)} channels` : "");

function render({ model, el }) {
  const { blocks, channels: widths, sides, first } = model.get("data");
  const state = { at: blocks.findIndex(({ key }) => key === first.name), channels: first.channels, side: first.side };
  const plain = blocks.find(({ key }) => key === "plain");

  const { body, say } = frame(el, { name: "blocks", title: "Build a block, read its price",
    hint: "A layer is drawn as wide as it has channels: above those that go in, below those that come out. Striped: each channel on its own." });
  const pick = (label, value, options, onchange) => choice({ label, value, options, onchange: (chosen) => { onchange(+chosen); draw(); } });
  const names = pick("block", state.at, blocks.map(({ name }, i) => [i, name]), (i) => { state.at = i; });
  const select = names.querySelector("select");

  // ---- all blocks as bars: one tab stop, arrow keys choose
  const choose = (i) => { state.at = i; select.value = i; draw(); };
  const rows = blocks.map(({ name }, i) => {
    const weights = make("span", { class: "blocks-weights" }), times = make("span"), bar = make("span", { class: "blocks-bar", "aria-hidden": "true" });
    const button = make("button", { type: "button", role: "radio", onclick: () => choose(i), onkeydown: (event) => {
      const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const to = (i + step + blocks.length) % blocks.length;
      choose(to);
      rows[to].button.focus();
    } }, make("span", { text: name }), weights, times, bar);
    return { button, weights, times, bar };
  });
  const caption = make("p", { id: unique("blocks") });
  const picture = make("div"), title = make("p"), price = make("p"), bars = make("div", { "aria-hidden": "true" }), legend = make("p", { class: "explorer-hint" });
  body.append(
    make("div", { class: "explorer-controls blocks-controls" }, names,
      pick("channels", state.channels, widths.map((c) => [c, c]), (c) => { state.channels = c; }),
      pick("map", state.side, sides.map((s) => [s, `${s} × ${s}`]), (s) => { state.side = s; })),
    make("div", { class: "blocks-both" },
      make("div", { class: "blocks-left" }, title, picture, price, bars, legend),
      make("div", { class: "blocks-right" }, caption, make("div", { class: "blocks-list", role: "radiogroup", "aria-labelledby": caption.id }, ...rows.map(({ button }) => button)))));

  // ---- the drawing, from the input at the top down
  const W = 320, LINE = 16;
  const stroke = "fill:none;stroke:var(--e-quiet);stroke-width:1.5;";
  const write = (x, y, text, style = "", at = "start") => make.svg("text", { x, y, text, style, "text-anchor": at });
  const arrow = (x1, y1, x2, y2) => [
    make.svg("path", { d: `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2 - 3}`, style: stroke }),
    make.svg("path", { d: `M${x2 - 4} ${y2 - 7}h8l-4 7z`, style: "fill:var(--e-quiet)" })];
  const slab = (x, y, wide) => make.svg("rect", { x: x - wide / 2, y, width: wide, height: 8, style: "fill:var(--e-vit)" });
  const box = (x, y, high, above, below, { kernel, depthwise }) => {
    const shape = `M${x - above / 2} ${y}h${above}L${x + below / 2} ${y + high}h${-below}z`;
    const count = Math.floor(above / 6);
    const stripes = depthwise ? Array.from({ length: count }, (_, i) => `M${x - above / 2 + ((i + 1) * above) / (count + 1)} ${y}v${high}`) : [];
    const face = kernel ? "fill:color-mix(in srgb, var(--e-cnn) 22%, var(--e-card));" : "fill:var(--e-card);stroke-dasharray:4 3;";
    return [make.svg("path", { d: shape, style: `${face}stroke:var(--e-cnn);stroke-width:1.5` }),
      make.svg("path", { d: stripes.join(""), style: "stroke:var(--e-cnn);stroke-width:1" })];
  };
  const soft = "fill:var(--e-quiet)", strong = "font-weight:600";

  function sketch(branches, adds) {
    const { channels, side } = state, many = branches.length > 1;
    const widest = Math.max(channels, ...branches.flat().flatMap(({ from, to }) => [from, to]));
    const column = W / branches.length, most = many ? column - 14 : 128;
    const wide = (c) => Math.max(2, (most * c) / widest);
    const middle = many ? W / 2 : 92, beside = 168;
    const centre = (b) => (many ? (b + 0.5) * column : middle);
    const high = many ? 26 : 60, step = many ? high + 4 * LINE + 28 : high + 26;
    const top = 48;
    const parts = [slab(middle, 8, wide(channels))];
    parts.push(write(many ? middle + most / 2 + 10 : beside, 17, `input: ${channels}${many ? "" : " channels"}`));
    const foot = top + Math.max(...branches.map(({ length }) => length)) * step; // where the branches have all ended
    const plus = foot - 4, end = many ? foot + 12 : adds ? foot + 32 : foot + 2;
    branches.forEach((branch, b) => {
      const x = centre(b);
      let y = top, before = 16, from = middle;
      branch.forEach((layer) => {
        parts.push(...arrow(from, before, x, y));
        const lines = [kind(layer), layer.kernel || many ? `${flow(layer)}${many ? "" : " channels"}` : "", whole(weightsOf(layer)) + (many ? "" : " weights"),
          short(weightsOf(layer) * side ** 2) + (many ? "" : " MACs")];
        const at = many ? y + high + LINE : y + 12;
        parts.push(make.svg("g", { "data-layer": true }, ...box(x, y, high, wide(layer.from), wide(layer.to), layer),
          ...lines.map((text, k) => write(many ? x : beside, at + k * LINE, text, k ? "" : strong, many ? "middle" : "start"))));
        [from, before] = [x, y + high + (many ? 4 * LINE + 6 : 0)];
        y += step;
      });
      // to the sum, or to this branch's own part of what is joined
      const joined = branches.slice(0, b).reduce((sum, other) => sum + other.at(-1).to, 0) + branch.at(-1).to / 2;
      if (many && before < foot - 22) { // past what its neighbours write
        parts.push(make.svg("path", { d: `M${x} ${before}V${foot - 22}`, style: stroke }));
        before = foot - 22;
      }
      parts.push(...arrow(x, before, many ? middle + (most * (joined - channels / 2)) / widest : middle, adds ? plus - 10 : end));
    });
    if (adds) {
      const left = middle - wide(channels) / 2, edge = middle - most / 2 - 20;
      parts.push(
        make.svg("path", { "data-skip": true, d: `M${left} 12C${edge} 12 ${edge} 24 ${edge} 50V${plus - 38}C${edge} ${plus - 8} ${edge + 12} ${plus} ${middle - 13} ${plus}`, style: `${stroke}stroke:var(--e-vit);stroke-width:2` }),
        make.svg("path", { d: `M${middle - 17} ${plus - 4}v8l7 -4z`, style: "fill:var(--e-vit)" }),
        make.svg("circle", { cx: middle, cy: plus, r: 9, style: "fill:var(--e-card);stroke:var(--e-vit);stroke-width:2" }),
        make.svg("path", { d: `M${middle - 5} ${plus}h10M${middle} ${plus - 5}v10`, style: "stroke:var(--e-vit);stroke-width:2" }),
        write(beside, plus + 5, "the input is added"), ...arrow(middle, plus + 9, middle, end));
    }
    parts.push(slab(middle, end, wide(channels)));
    if (many) branches.slice(0, -1).reduce((sum, branch) => {
      const x = middle + (most * (sum + branch.at(-1).to - channels / 2)) / widest;
      parts.push(make.svg("path", { d: `M${x} ${end}v8`, style: "stroke:var(--e-back);stroke-width:2" }));
      return sum + branch.at(-1).to;
    }, 0);
    parts.push(many ? write(middle + most / 2 + 10, end + 9, `joined: ${channels}`) : write(beside, end + 9, `output: ${channels} channels`));
    if (many) parts.push(write(middle, end + 34, "under each layer: channels, weights, MACs", soft, "middle"));
    return make.svg("svg", { viewBox: `0 0 ${W} ${end + (many ? 42 : 16)}`, role: "img" }, ...parts);
  }

  function draw() {
    const { channels, side } = state, one = blocks[state.at], branches = built(one, channels);
    const all = blocks.map((other) => total(built(other, channels))), most = Math.max(...all), unit = total(built(plain, channels));
    const mine = all[state.at], ratio = (x) => `${(x / unit).toFixed(2)} ×`;
    const from = `${one.network}, ${one.year}`;
    const text = `${one.name[0].toUpperCase()}${one.name.slice(1)} (${from}) with ${channels} channels on a map of ${side} × ${side}`
      + (branches.length > 1 ? `, ${branches.length} branches side by side: ` : ": ")
      + branches.map((branch) => branch.map(spoken).join(", then ")).join("; ") + (one.adds_input ? "; the input is added" : "")
      + `; ${whole(mine)} weights, ${whole(mine * side ** 2)} MACs, ${ratio(mine)} a plain 3 × 3.`;
    title.replaceChildren(make("strong", { text: one.name }), ` (${from})`);
    const drawing = sketch(branches, one.adds_input);
    drawing.setAttribute("aria-label", `The block ${one.name}, drawn from its input down: ${branches.map((branch) => branch.map(kind).join(", then ")).join("; ")}`);
    picture.replaceChildren(drawing);

    // the price: this block's weights, layer by layer, over those of one plain 3 x 3
    price.replaceChildren(make("strong", { text: bound(`${ratio(mine)} a plain 3 × 3`) }), bound(`: ${whole(mine)} weights, ${short(mine * side ** 2)} MACs`));
    legend.textContent = bound(`filled: this block, a piece for each layer; outlined: a plain 3 × 3, ${whole(unit)} weights`);
    const scale = 100 / Math.max(mine, unit);
    bars.replaceChildren(
      make("div", { class: "blocks-sum", style: `width:${scale * mine}%` }, ...branches.flat().filter(weightsOf).map((layer) => make("span", { style: `flex:${weightsOf(layer)} 1 0` }))),
      make("div", { class: "blocks-plain", style: `width:${scale * unit}%` }));

    caption.textContent = `Weights of all blocks at ${channels} channels`;
    rows.forEach(({ button, weights, times, bar }, i) => {
      button.setAttribute("aria-checked", String(i === state.at));
      button.tabIndex = i === state.at ? 0 : -1;
      weights.textContent = whole(all[i]);
      times.textContent = ratio(all[i]);
      bar.style.width = `${(100 * all[i]) / most}%`;
    });
    say(bound(text));
  }
  draw();
  return () => el.replaceChildren();
}
export default { render };
