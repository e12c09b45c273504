// Memory of a training step of two networks against the batch; as `memory.py` computes it.

const STATES = 16, MIB = 2 ** 20;
const tokensOf = (size, patch) => 1 + (size / patch) ** 2;
const fixedOf = ({ shape, parameters }, size, patch) => {
  if (!shape) return STATES * parameters;
  const [L, D] = shape;
  return STATES * (3 * patch ** 2 * D + 4 * D + tokensOf(size, patch) * D + L * (12 * D * D + 13 * D) + 1000 * D + 1000);
};
const keptOf = ({ shape, kept }, size, patch) => {
  if (!shape) return kept * (size / 224) ** 2;
  const [L, D, h] = shape, N = tokensOf(size, patch);
  return 4 * (L * (16 * N * D + h * N * N) + N * D + 3 * size * size);
};
const bytesText = (count) => {
  const mib = count / MIB;
  return mib < 1024 ? `${mib.toFixed(0)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
};

function render({ model, el }) {
  const { networks, sizes, patches, largest, ...first } = model.get("data");
  const now = { ...first }, named = (name) => networks.find((network) => network.name === name);
  const { body, say } = frame(el, { name: "memory", title: "What does a training step keep in memory?",
    hint: "Weights, gradients and Adam's two moments, and the activations of a batch, in 32-bit floats. Patches concern ViTs alone." });
  const names = networks.map(({ name }) => [name, name]);
  const set = (key, read = String) => (value) => { now[key] = read(value); draw(); };
  const batches = Array.from({ length: 33 }, (_, i) => Math.round(2 ** (i / 4)));
  const stops = [...new Set(batches)].filter((b) => b <= largest);
  const picture = make("div");
  body.append(make("div", { class: "explorer-controls" },
    choice({ label: "network A", options: names, value: now.one, onchange: set("one") }),
    choice({ label: "network B", options: names, value: now.other, onchange: set("other") }),
    choice({ label: "image, px", options: sizes.map((s) => [s, s]), value: now.image_size, onchange: set("image_size", Number) }),
    choice({ label: "patch, px", options: patches.map((p) => [p, p]), value: now.patch, onchange: set("patch", Number) }),
    slider({ label: "batch", min: 0, max: stops.length - 1, step: 1, value: stops.indexOf(now.batch), show: (i) => String(stops[i]),
      onchange: (i) => { now.batch = stops[i]; draw(); } })), picture);
  let narrow = false;

  function draw() {
    const { image_size: size, patch, batch } = now, pair = [named(now.one), named(now.other)];
    const total = (network, b) => fixedOf(network, size, patch) + b * keptOf(network, size, patch);
    const wide = narrow ? 340 : 640, high = 300, left = 58, right = wide - (narrow ? 12 : 110), top = 14, bottom = high - 42;
    const all = pair.flatMap((network) => [total(network, 1), total(network, largest)]);
    const low = Math.log10(Math.min(...all)) - 0.15, up = Math.log10(Math.max(...all)) + 0.15;
    const sx = (b) => left + (Math.log2(b) / Math.log2(largest)) * (right - left);
    const sy = (bytes) => bottom - ((Math.log10(bytes) - low) / (up - low)) * (bottom - top);
    const text = (x, y, words, at = "middle", style = "") => make.svg("text", { x, y, "text-anchor": at, style, text: words });
    const line = (x1, y1, x2, y2, style) => make.svg("line", { x1, y1, x2, y2, style });
    const parts = [line(left, bottom, right, bottom, "stroke:var(--e-quiet)"), text((left + right) / 2, high - 6, "images in a batch")];
    for (const b of [1, 4, 16, 64, 256]) parts.push(line(sx(b), bottom, sx(b), bottom + 4, "stroke:var(--e-quiet)"), text(sx(b), bottom + 18, String(b)));
    for (const mib of [64, 256, 1024, 4096, 16384, 65536, 262144]) {
      const y = sy(mib * MIB);
      if (y < top || y > bottom) continue;
      parts.push(line(left, y, right, y, "stroke:var(--e-line)"), text(left - 6, y + 4, mib < 1024 ? `${mib} MiB` : `${mib / 1024} GiB`, "end", "font-size:12px"));
    }
    parts.push(line(sx(batch), top, sx(batch), bottom, "stroke:var(--e-quiet);stroke-dasharray:3 3"));
    pair.forEach((network, k) => {
      const colour = k ? "var(--e-cnn)" : "var(--e-vit)";
      const way = stops.map((b, i) => `${i ? "L" : "M"}${sx(b).toFixed(1)} ${sy(total(network, b)).toFixed(1)}`).join("");
      parts.push(make.svg("path", { d: way, fill: "none", style: `stroke:${colour};stroke-width:3;${k ? "stroke-dasharray:7 4" : ""}` }));
      parts.push(make.svg("circle", { cx: sx(batch), cy: sy(total(network, batch)), r: 5, style: `fill:${colour}` }));
      if (!narrow) parts.push(text(right + 8, sy(total(network, largest)) + 4 + (k ? 9 : -5), network.name, "start", `fill:${colour};font-weight:600`));
    });
    if (narrow) pair.forEach((network, k) => parts.push(text(left + 8, top + 12 + 18 * k, `${k ? "- - " : "— "}${network.name}`, "start", `fill:var(--e-${k ? "cnn" : "vit"});font-weight:600`)));
    const fixed = fixedOf(pair[0], size, patch) - fixedOf(pair[1], size, patch);
    const slope = keptOf(pair[1], size, patch) - keptOf(pair[0], size, patch), where = slope === 0 ? -1 : fixed / slope;
    const cross = now.one !== now.other && where > 0;
    if (cross && where >= 1 && where <= largest) {
      parts.push(make.svg("circle", { cx: sx(where), cy: sy(total(pair[0], where)), r: 9, fill: "none", style: "stroke:var(--e-ink);stroke-width:2" }));
    }
    const said = pair.map((network) => `${network.name}: ${bytesText(total(network, batch))}, of which ${bytesText(fixedOf(network, size, patch))} stay `
      + `whatever the batch, ${bytesText(keptOf(network, size, patch))} an image`);
    const end = !cross ? "They do not cross" : where <= largest ? `They cross at a batch of ${where.toFixed(0)}` : "They cross beyond this axis";
    const words = `Batch ${batch}. ${said[0]}. ${said[1]}. ${end}.`;
    picture.replaceChildren(make.svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": `Memory against the batch. ${words}` }, ...parts));
    say(words);
  }
  const stop = drawnFor(body, (isNarrow) => { narrow = isNarrow; draw(); });
  return () => { stop(); el.replaceChildren(); };
}
export default { render };
