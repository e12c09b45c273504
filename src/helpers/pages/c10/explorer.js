// What the side of a patch decides: how many tokens, what they cost, and (with position embeddings) who is whose neighbour.

const ink = (role) => `var(--e-${role})`;
const whole = (x) => Math.round(x).toLocaleString("en-US");

// As patch_cost of explorer.py; `tokens` counts the class token.
const patchCost = ([height, width], patch, { embed_dim: D, depth: L, num_heads: h, num_classes: K }) => {
  const rows = height / patch, columns = width / patch;
  const patches = rows * columns, tokens = patches + 1, values = 3 * patch * patch;
  const quadratic = L * 2 * tokens * tokens * D;
  const macs = patches * values * D + L * 12 * tokens * D * D + quadratic + D * K;
  const fused = 4 * (L * 16 * tokens * D + tokens * D + 3 * height * width);
  return {
    rows, columns, patches, tokens, values, macs, share: quadratic / macs, embedding: (values + 1) * D, positions: tokens * D,
    memory: fused + 4 * L * h * tokens * tokens, fused,
  };
};
const giga = (x) => (x / 1e9).toFixed(x < 1e8 ? 4 : 2);
const mebi = (x) => (x / 2 ** 20).toFixed(1);
const percent = (x) => (100 * x).toFixed(1);

function render({ model, el }) {
  const data = model.get("data");
  const [R, C] = data.grid ?? [0, 0]; // rows and columns of the similarity
  const N = R * C;
  // The upper triangle of a symmetric matrix with ones on its diagonal, row by row.
  const triangle = data.similarity ? unpack(data.similarity).values : null;
  const similarity = (i, j) => (i === j ? 1 : i > j ? similarity(j, i) : triangle[i * N - (i * (i + 1)) / 2 + j - i - 1]);
  const strongest = triangle ? triangle.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6) : 1;

  let [size, patch] = data.start; // size: height and width
  const cells = () => size.map((side) => side / patch);
  let cell = cells().map((count) => Math.floor(count / 2));
  const fitting = () => data.patches.filter((side) => size.every((length) => length % side === 0 && side <= length / 2));
  const called = ([height, width]) => (height === width ? `${height}` : `${height} x ${width}`);

  const { body, say } = frame(el, {
    name: "patches",
    title: triangle ? "From patches to tokens, and what each position resembles" : "From patches to tokens: what the patch side decides",
    hint: triangle
      ? "Choose the sizes and read the cost. Point at a patch, tap it, or use the arrow keys on the picture: the map shows how alike the position embeddings are."
      : "Choose the sizes and read the cost. Point at a patch, tap it, or use the arrow keys on the picture: it names the token.",
  });
  const sizes = choice({
    label: "image side", value: called(size), options: data.sizes.map((one) => [called(one), `${called(one)} px`]),
    onchange: (value) => {
      size = data.sizes.find((one) => called(one) === value);
      const sides = fitting(); // a patch side that does not divide the new image gives way to the nearest that does
      if (!sides.includes(patch)) patch = sides.reduce((best, side) => (Math.abs(side - patch) < Math.abs(best - patch) ? side : best));
      offer();
      update();
    },
  });
  const sides = choice({
    label: "patch side", value: patch, options: data.patches.map((side) => [side, `${side} px`]),
    onchange: (value) => { patch = +value; update(); },
  });
  const offer = () => {
    const allowed = fitting();
    for (const option of sides.querySelectorAll("option")) {
      option.disabled = !allowed.includes(+option.value);
      option.textContent = `${option.value} px${option.disabled ? " (does not divide)" : ""}`;
    }
    sides.querySelector("select").value = patch;
  };

  const column = (...children) => make("div", { style: "flex:1 1 17rem;min-width:0;max-width:24rem" }, ...children);
  const heading = () => make("p", { style: "font-weight:600;margin:0 0 .3rem" });
  const status = make("p", { role: "status", "aria-live": "polite", style: "margin:.5rem 0 .9rem;min-height:3em;font-variant-numeric:tabular-nums" });
  const imageTitle = heading(), mapTitle = heading();
  const square = (extra = {}) => make("div", { class: "patch-square", ...extra });
  const stage = square({ tabindex: 0, role: "application", "aria-label": "Patches of the picture: arrow keys choose a patch" });
  Object.assign(stage.style, { cursor: "crosshair", touchAction: "pan-y" });
  const map = square({ style: `aspect-ratio:${C} / ${R}` });
  const legend = make("div");
  const numbers = make("table", { style: "border-collapse:collapse;width:100%;margin:0;font-variant-numeric:tabular-nums;font-size:.93em" });
  const bars = make("div");
  const row = (...children) => make("div", { style: "display:flex;flex-wrap:wrap;gap:1rem 1.6rem;align-items:flex-start" }, ...children);
  // Row and column once more, as sliders: for fingers larger than a patch, and for who cannot see the picture.
  const steer = ["row", "column"].map((label, axis) => {
    const control = slider({
      label, min: 1, max: cells()[axis], step: 1, value: cell[axis] + 1,
      onchange: (value) => pick(...cell.map((k, i) => (i === axis ? value - 1 : k))),
    });
    Object.assign(control.style, { flexWrap: "nowrap", flex: "1 1 7rem", minWidth: 0, maxWidth: "100%" });
    Object.assign(control.querySelector("input").style, { flex: "1 1 auto", width: "4rem", minWidth: "3rem" });
    control.querySelector("output").style.minWidth = "1.4em";
    control.querySelector("output").setAttribute("aria-live", "off"); // the line about the patch speaks
    return control;
  });
  const steered = () => steer.forEach((control, axis) => {
    const [input, shown] = [control.querySelector("input"), control.querySelector("output")];
    input.max = cells()[axis];
    input.value = cell[axis] + 1;
    shown.textContent = input.value;
    input.setAttribute("aria-valuetext", input.value);
  });
  const picture = column(imageTitle, stage, make("div", { style: "display:flex;flex-wrap:wrap;gap:0 1rem;margin-top:.3rem" }, ...steer));
  body.append(
    make("div", { class: "explorer-controls" }, sizes, sides),
    ...(triangle
      ? [row(picture, column(mapTitle, map, legend)), status, row(column(numbers), column(bars))]
      : [row(picture, column(numbers, bars)), status]));

  const pick = (r, c) => {
    const next = [r, c].map((k, axis) => Math.max(0, Math.min(cells()[axis] - 1, k)));
    if (next[0] === cell[0] && next[1] === cell[1]) return;
    cell = next;
    point();
  };
  const under = (event) => {
    const box = stage.getBoundingClientRect();
    const [rows, columns] = cells();
    pick(Math.floor(((event.clientY - box.top) / box.height) * rows), Math.floor(((event.clientX - box.left) / box.width) * columns));
  };
  stage.addEventListener("pointermove", under);
  stage.addEventListener("pointerdown", under);
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    pick(cell[0] + step[0], cell[1] + step[1]);
  });

  const outline = (unit) => [["card", 4], ["ink", 2]].map(([role, width]) => make.svg("rect", {
    x: cell[1] * unit, y: cell[0] * unit, width: unit, height: unit, "vector-effect": "non-scaling-stroke",
    style: `fill:none;stroke:${ink(role)};stroke-width:${width}`,
  }));
  const drawn = make.svg("svg", { "aria-hidden": "true", style: "width:100%;height:100%" });
  const chosen = make.svg("g");
  stage.append(drawn);

  // Everything that the two choices decide.
  function update() {
    const cost = patchCost(size, patch, data);
    const [height, width] = size;
    cell = cell.map((k, axis) => Math.min(k, cells()[axis] - 1));
    const inner = (count) => Array.from({ length: count - 1 }, (_, i) => (i + 1) * patch);
    const lines = inner(cost.columns).map((x) => `M${x} 0V${height}`).concat(inner(cost.rows).map((y) => `M0 ${y}H${width}`)).join("");
    stage.style.aspectRatio = `${width} / ${height}`;
    drawn.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawn.replaceChildren(
      make.svg("image", { href: data.image.src, width, height, preserveAspectRatio: "none" }),
      ...[["#000", 0.45, 2], ["#fff", 0.8, 0.9]].map(([colour, opacity, width]) => make.svg("path", {
        d: lines, "vector-effect": "non-scaling-stroke", style: `fill:none;stroke:${colour};stroke-opacity:${opacity};stroke-width:${width}`,
      })), chosen);
    imageTitle.textContent = `${height} x ${width} pixels, ${cost.rows} x ${cost.columns} patches`;
    const rows = [
      [cost.rows === cost.columns ? "patches G²" : "patches, rows · columns", `${cost.rows} · ${cost.columns} = ${whole(cost.patches)}`],
      ["tokens, with the class token", whole(cost.tokens)],
      ["numbers in one patch, 3P²", whole(cost.values)],
      ["parameters of the patch embedding", whole(cost.embedding)],
      ["parameters of the positions", whole(cost.positions)],
      ["MACs per image", `${giga(cost.macs)} G`],
      ["of these, quadratic in tokens", `${percent(cost.share)} %`],
      ["activations kept for backward", `${mebi(cost.memory)} MiB`],
      ["the same, fused attention", `${mebi(cost.fused)} MiB`],
    ];
    const line = `border-bottom:1px solid ${ink("line")};padding:.2rem 0;`;
    numbers.replaceChildren(make("tbody", {}, ...rows.map(([name, value]) => make("tr", { style: "background:none" },
      make("th", { scope: "row", text: name, style: `${line}text-align:left;font-weight:400;white-space:normal;line-height:1.3;color:${ink("quiet")}` }),
      make("td", { text: value, style: `${line}text-align:right;font-weight:600;white-space:nowrap;padding-left:.6rem` })))));

    const options = fitting().map((side) => [side, patchCost(size, side, data)]);
    const most = Math.max(...options.map(([, c]) => c.macs));
    const high = 30 + options.length * 27;
    bars.replaceChildren(make.svg("svg", {
      viewBox: `0 0 330 ${high + 26}`, role: "img", style: "width:100%;margin-top:.6rem",
      "aria-label": `GMACs per image: ${options.map(([side, c]) => `${giga(c.macs)} in patches of ${side} px`).join(", ")}`,
    }, make.svg("text", { x: 0, y: 14, text: "GMACs per image, by patch side", style: "font-weight:600" }),
    ...options.flatMap(([side, c], i) => {
      const y = 28 + i * 27, long = (c.macs / most) * 210, curved = long * c.share;
      const weight = side === patch ? "font-weight:700" : "";
      return [
        make.svg("text", { x: 40, y: y + 14, "text-anchor": "end", text: `${side} px`, style: weight }),
        make.svg("rect", { x: 48, y, width: Math.max(0.8, long - curved), height: 19, style: `fill:${ink("vit")};fill-opacity:${side === patch ? 1 : 0.55}` }),
        make.svg("rect", { x: 48 + long - curved, y, width: curved, height: 19, style: `fill:${ink("cnn")};fill-opacity:${side === patch ? 1 : 0.6}` }),
        make.svg("text", { x: 54 + long, y: y + 14, text: giga(c.macs), style: weight }),
      ];
    }),
    ...[["vit", "linear in tokens", 48], ["cnn", "quadratic", 190]].flatMap(([role, text, x]) => [
      make.svg("rect", { x, y: high + 8, width: 13, height: 13, style: `fill:${ink(role)}` }),
      make.svg("text", { x: x + 19, y: high + 19, text }),
    ])));
    say(`${height} x ${width} pixels in patches of ${patch}: ${whole(cost.patches)} patches, ${whole(cost.tokens)} tokens, `
      + `${giga(cost.macs)} GMACs, ${mebi(cost.memory)} MiB of activations; `
      + `${percent(cost.share)} % of the MACs are quadratic in the tokens`);
    point();
  }

  // Everything that the chosen patch decides.
  function point() {
    const [rows, columns] = cells();
    chosen.replaceChildren(...outline(patch));
    steered();
    const name = ([r, c]) => `row ${r + 1} column ${c + 1}`;
    const token = `patch ${name(cell)}: number ${cell[0] * columns + cell[1] + 1} of ${rows * columns}`;
    if (!triangle || rows !== R || columns !== C) {
      status.textContent = token + (triangle ? `; the similarities belong to ${R} x ${C} patches, other grids interpolate the positions` : "");
      if (triangle) {
        mapTitle.textContent = `no map: it belongs to ${R} x ${C} patches`;
        map.replaceChildren();
        map.hidden = true;
        legend.replaceChildren();
      }
      return;
    }
    map.hidden = false;
    const self = cell[0] * C + cell[1];
    const others = Array.from({ length: N }, (_, j) => [j, similarity(self, j)]).filter(([j]) => j !== self);
    const sorted = [...others].sort((a, b) => b[1] - a[1]);
    const told = ([j, value]) => `${name([Math.floor(j / C), j % C])} (${(Math.round(value * 100) / 100 + 0).toFixed(2)})`;
    const near = sorted.slice(0, 3).map(told);
    status.textContent = `patch ${name(cell)}: most similar to itself, then ${near.slice(0, -1).join(", ")}`
      + `${near.length > 1 ? " and " : ""}${near.at(-1)}; least to ${told(sorted.at(-1))}`;
    mapTitle.textContent = `cosine with the position of ${name(cell)} (dot)`;
    const shade = (value) => `fill:${ink(value < 0 ? "cnn" : "vit")};fill-opacity:${Math.min(1, Math.abs(value) / strongest).toFixed(3)}`;
    map.replaceChildren(make.svg("svg", {
      viewBox: `0 0 ${C} ${R}`, role: "img", "aria-label": `Similarity map of ${name(cell)}`, style: `width:100%;height:100%;background:${ink("card")}`,
    }, ...others.map(([j, value]) => make.svg("rect", {
      x: j % C, y: Math.floor(j / C), width: 1, height: 1, "shape-rendering": "crispEdges", style: shade(value),
    })), make.svg("circle", { cx: cell[1] + 0.5, cy: cell[0] + 0.5, r: 0.3, style: `fill:${ink("ink")}` })));
    const swatches = Array.from({ length: 21 }, (_, i) => ((i - 10) / 10) * strongest);
    legend.replaceChildren(make.svg("svg", { viewBox: "0 0 330 40", "aria-hidden": "true", style: "width:100%;margin-top:.4rem" },
      make.svg("rect", { x: 60, y: 2, width: 210, height: 13, style: `fill:${ink("card")}` }),
      ...swatches.map((value, i) => make.svg("rect", { x: 60 + i * 10, y: 2, width: 10.3, height: 13, style: shade(value) })),
      ...[[60, -strongest], [165, 0], [270, strongest]].map(([x, value]) => make.svg("text", {
        x, y: 31, "text-anchor": "middle", text: value ? value.toFixed(2) : "0",
      }))));
  }
  offer();
  update();
  return () => el.replaceChildren();
}
export default { render };
