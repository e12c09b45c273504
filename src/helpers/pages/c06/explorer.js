// The block explorer: a block of the history, drawn and counted for any number of channels.
function render({ model, el }) {
  const { blocks, sides, first } = model.get("data");
  let name = first[0], channels = first[1], side = first[2];
  const { body, say } = frame(el, { name: "blocks", title: "Build a block, count it",
    hint: "Read it from below. A bar is a convolution, as wide as the channels that come out of it. Orange: k × k on all channels. Green: each channel alone. Blue: 1 × 1. Violet: the input is added. Predict the ratio before you choose." });
  const group = (n) => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const million = (n) => { const [whole, part] = (n / 1e6).toFixed(1).split("."); return `${group(+whole)}.${part}`; };
  const sized = ([k, i, o, alone, branch]) => ({ k, i: (i * channels) / 16, o: (o * channels) / 16, alone, branch });
  const weights = (conv) => conv.k ** 2 * conv.i * (conv.alone ? 1 : conv.o);
  const count = (convs) => convs.reduce((sum, conv) => sum + weights(conv), 0);

  const chart = make.svg("svg", { viewBox: "0 0 420 260", role: "img", class: "blocks-drawing" });
  const rows = make("tbody");
  const table = make("table", { class: "blocks-table" }, make("caption", { text: "Its convolutions, from below" }),
    make("thead", {}, make("tr", {}, ...["kernel", "in", "out", "weights"].map((text) => make("th", { scope: "col", text })))), rows);
  body.append(
    make("div", { class: "explorer-controls" },
      choice({ label: "block", options: blocks.map(([text]) => [text, text]), value: name, onchange: (value) => { name = value; draw(); } }),
      slider({ label: "channels", min: 16, max: 768, step: 16, value: channels, onchange: (value) => { channels = value; draw(); } }),
      choice({ label: "map", options: sides.map((value) => [value, `${value} × ${value}`]), value: side, onchange: (value) => { side = +value; draw(); } })),
    make("div", { class: "blocks-both" }, make("div", { class: "blocks-picture" }, chart),
      make("div", { class: "blocks-list scroll", tabindex: 0, role: "region", "aria-label": "Convolutions" }, table)));

  function draw() {
    const [, residual, packed] = blocks.find(([text]) => text === name);
    const convs = packed.map(sized), total = count(convs), plain = 9 * channels ** 2;
    const most = Math.max(...convs.map((conv) => conv.o)), lanes = [];
    convs.forEach((conv) => (lanes[conv.branch] ??= []).push(conv));
    const tallest = Math.max(...lanes.map((lane) => lane.length)), step = Math.min(62, 190 / tallest), base = 232;
    const line = (points, style) => make.svg("polyline", { points: points.map((p) => p.join(",")).join(" "), style: `fill:none;${style}` });
    const top = base - step * tallest - 14, middle = 210, space = 400 / lanes.length, drawn = [];
    lanes.forEach((lane, k) => {
      const x = middle + (k - (lanes.length - 1) / 2) * (lanes.length > 1 ? 102 : 0);
      drawn.push(line([[middle, 256], [middle, base + 8], [x, base], [x, top + 8], [middle, top], [middle, 4]], "stroke:var(--e-quiet);stroke-width:1.5"));
      lane.forEach((conv, i) => {
        const width = Math.min(space - 8, 190) * (0.28 + 0.72 * Math.sqrt(conv.o / most)), y = base - step * (i + 1) + step * 0.3;
        const colour = conv.alone ? "var(--b-alone)" : conv.k === 1 ? "var(--e-vit)" : "var(--e-cnn)";
        drawn.push(make.svg("rect", { x: x - width / 2, y, width, height: step * 0.62, rx: 5, style: `fill:${colour}` }),
          make.svg("text", { x, y: y + step * 0.31 + 5, "text-anchor": "middle", class: "blocks-word", text: `${conv.k} × ${conv.k}${conv.alone && lanes.length === 1 ? " each" : ""}` }));
      });
    });
    if (residual) {
      drawn.push(line([[middle, 250], [395, 242], [395, top + 4], [middle + 12, top - 8]], "stroke:var(--b-sum);stroke-width:2.5"),
        make.svg("circle", { cx: middle, cy: top - 8, r: 11, style: "fill:var(--e-card);stroke:var(--b-sum);stroke-width:2" }),
        make.svg("text", { x: middle, y: top - 3, "text-anchor": "middle", text: "+" }));
    }
    chart.replaceChildren(...drawn);
    rows.replaceChildren(...convs.map((conv) => make("tr", {}, make("th", { scope: "row", text: `${conv.k} × ${conv.k}${conv.alone ? " each" : ""}` }),
      ...[conv.i, conv.o, weights(conv)].map((value) => make("td", { text: group(value) })))));
    const text = `${name}, ${channels} channels, ${side} x ${side} places: ${group(total)} weights, ${million(total * side * side)} M MACs; ${(total / plain).toFixed(2)} of the plain 3 x 3`;
    chart.setAttribute("aria-label", `The block, from below up. ${text}.`);
    say(text);
  }
  draw();
  return () => el.replaceChildren();
}
export default { render };
