// A map over a picture, and its deletion curve beside that of chance.

function render({ model, el }) {
  const { cases } = model.get("data");
  const now = { at: 0, map: 0, bare: false };
  const { body, say } = frame(el, { name: "maps", title: "Choose a map, then look at its curve",
    hint: "Bright: what the map calls important. The curve: the probability of the answer while pixels are deleted in the map's order; dashed: at random. A curve that falls sooner is the better map." });
  const stops = [[11, 16, 38], [91, 42, 134], [224, 86, 63], [255, 224, 138]];
  const heat = (v) => {
    const t = Math.min(2.999, 3 * v), k = Math.floor(t);
    return stops[k].map((from, c) => Math.round(from + (t - k) * (stops[k + 1][c] - from)));
  };
  const choices = make("div", { class: "maps-choice" });
  const image = make("img", { alt: "", class: "maps-picture" });
  const canvas = make("canvas", { class: "maps-heat", "aria-hidden": "true" });
  const seen = make("div", { class: "maps-seen", role: "img" }, image, canvas);
  const svg = make.svg("svg", { viewBox: "0 0 350 230", role: "img" });
  const list = () => choices.replaceChildren(choice({ label: "map", options: cases[now.at].maps.map((m, k) => [k, m.name]), value: now.map,
    onchange: (value) => { now.map = +value; draw(); } }));
  body.append(
    make("div", { class: "explorer-controls" },
      choice({ label: "network", options: cases.map((one, k) => [k, one.title]), value: 0, onchange: (value) => {
        const name = cases[now.at].maps[now.map].name;
        now.at = +value;
        now.map = Math.max(0, cases[now.at].maps.findIndex((m) => m.name === name));
        list(); draw(); } }),
      choices,
      toggle({ label: "picture alone", checked: false, onchange: (value) => { now.bare = value; draw(); } })),
    make("div", { class: "maps-both" }, seen, make("div", { class: "maps-curve" }, svg)));

  function draw() {
    const one = cases[now.at], shown = one.maps[now.map], { shape, values } = unpack(shown.map);
    image.src = one.picture.src;
    image.classList.toggle("maps-grey", !now.bare);
    canvas.hidden = now.bare;
    canvas.width = shape[1]; canvas.height = shape[0];
    const context = canvas.getContext("2d"), pixels = context.createImageData(shape[1], shape[0]);
    values.forEach((v, k) => pixels.data.set([...heat(v), 255], 4 * k));
    context.putImageData(pixels, 0, 0);
    const x = (k) => 44 + 270 * k / (one.chance.length - 1), y = (p) => 190 - 175 * p;
    const line = (curve) => curve.map((p, k) => `${x(k)},${y(p)}`).join(" ");
    const parts = [];
    for (const p of [0, 0.5, 1]) parts.push(
      make.svg("line", { x1: 44, x2: 314, y1: y(p), y2: y(p), style: "stroke:var(--e-line)" }),
      make.svg("text", { x: 36, y: y(p) + 5, "text-anchor": "end", style: "font-size:14px", text: String(p) }));
    for (const share of [0, 0.5, 1]) parts.push(make.svg("text", { x: 44 + 270 * share, y: 208, "text-anchor": "middle", style: "font-size:14px", text: `${100 * share} %` }));
    parts.push(make.svg("text", { x: 179, y: 226, "text-anchor": "middle", style: "font-size:14px", text: "pixels deleted" }),
      make.svg("polyline", { points: line(one.chance), style: "fill:none;stroke:var(--e-quiet);stroke-width:2.5;stroke-dasharray:6 5" }),
      make.svg("polyline", { points: line(shown.curve), style: "fill:none;stroke:var(--e-vit);stroke-width:3" }));
    svg.replaceChildren(...parts);
    const text = shown.told;
    seen.setAttribute("aria-label", `${now.bare ? "The picture" : `The map ${shown.name} over the picture`}, ${shape[0]} by ${shape[1]} cells.`);
    svg.setAttribute("aria-label", `The probability against the share of deleted pixels. ${text}.`);
    say(text);
  }
  list();
  draw();
  return () => el.replaceChildren();
}
export default { render };
