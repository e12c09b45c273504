// Digits as the networks see them, and how many each network names rightly.

function render({ model, el }) {
  const { points, pictures, names, worlds, orders, sizes } = model.get("data");
  const nameOf = Object.fromEntries(names), word = { world: Object.fromEntries(worlds), shuffle: Object.fromEntries(orders) };
  const colours = { mlp: "var(--e-quiet)", cnn: "var(--e-cnn)", vit: "var(--e-vit)", vit_stem: "var(--bias-stem)" };
  const now = { world: "centred", shuffle: "none", size: sizes.includes(10) ? 10 : sizes[0] };
  const { body, say } = frame(el, { name: "bias", title: "Take the picture away",
    hint: "Left: three digits as the networks get them. Right: test digits named rightly; the thin line is the 95 % interval." });
  const set = (key, change = (value) => value) => (value) => { now[key] = change(value); draw(); };
  const controls = make("div", { class: "explorer-controls" },
    choice({ label: "where the digits lie", options: worlds, value: now.world, onchange: set("world") }),
    choice({ label: "pixels", options: orders, value: now.shuffle, onchange: set("shuffle") }),
    slider({ label: "digits of each class", min: 0, max: sizes.length - 1, step: 1, value: sizes.indexOf(now.size),
      show: (at) => String(sizes[at]), onchange: set("size", (at) => sizes[at]) }));
  const seen = make("div", { class: "bias-seen", role: "img" });
  const svg = make.svg("svg", { viewBox: "0 0 400 220", role: "img" });
  body.append(controls, make("div", { class: "bias-both" }, seen, make("div", { class: "bias-bars" }, svg)));

  const canvasOf = (bytes, side, at) => {
    const canvas = make("canvas", { width: side, height: side, "aria-hidden": "true" });
    const image = canvas.getContext("2d").createImageData(side, side);
    for (let k = 0; k < side * side; k++) {
      const grey = bytes.charCodeAt(at * side * side + k);
      image.data.set([grey, grey, grey, 255], 4 * k);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  };

  function draw() {
    const { bytes, side } = pictures.find((one) => one.world === now.world && one.shuffle === now.shuffle);
    const raw = atob(bytes), count = raw.length / side ** 2;
    seen.replaceChildren(...Array.from({ length: count }, (_, k) => canvasOf(raw, side, k)));
    seen.setAttribute("aria-label", `${count} digits, ${word.world[now.world]}, pixels ${word.shuffle[now.shuffle]}`);
    const own = points.filter((one) => ["world", "shuffle", "size"].every((key) => one[key] === now[key]));
    const parts = [], x = (share) => 10 + 3.4 * share;
    own.forEach((one, k) => {
      const y = 26 + 52 * k;
      parts.push(make.svg("text", { x: 10, y: y - 6, style: "font-size:15px", text: nameOf[one.network] }),
        make.svg("rect", { x: 10, y, width: 3.4 * one.value, height: 18, style: `fill:${colours[one.network]}` }),
        make.svg("line", { x1: x(one.low), x2: x(one.high), y1: y + 23, y2: y + 23, style: "stroke:var(--e-ink);stroke-width:2" }),
        make.svg("text", { x: x(one.value) + 6, y: y + 14, style: "font-size:15px;font-weight:600", text: `${one.text} %` }));
    });
    parts.push(make.svg("line", { x1: x(10), x2: x(10), y1: 4, y2: 218, style: "stroke:var(--e-quiet);stroke-dasharray:3 4" }));
    svg.replaceChildren(...parts);
    const shares = own.map((one) => `${nameOf[one.network]} ${one.text} %`).join(", ");
    const digits = now.size === 1 ? "1 digit" : `${now.size} digits`;
    const told = `Digits ${word.world[now.world]}, pixels ${word.shuffle[now.shuffle]}, ${digits} of each class: ${shares}`;
    svg.setAttribute("aria-label", `A bar for each network; dashed: chance. ${told}.`);
    say(told);
  }
  draw();
  return () => el.replaceChildren();
}
export default { render };
