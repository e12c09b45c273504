// Attention explorer: rows of attention weights over words (columns, curves, heat map) or over image patches (light).
const numbers = (text, bits) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return bits === 8 ? bytes : new Uint16Array(bytes.buffer);
};

// One map -> its labels and `row(query, layer, head)`; head -1 is the mean of the heads.
const readMap = (map) => {
  const [layers, heads, n, m] = map.shape;
  const tops = numbers(map.tops, 16), levels = numbers(map.levels, map.bits), most = 2 ** map.bits - 1;
  const one = (query, layer, head) => {
    const at = (layer * heads + head) * n + query;
    return Array.from({ length: m }, (_, k) => (tops[at] / 65535) * (levels[at * m + k] / most) ** 2);
  };
  const row = (query, layer, head) => {
    const rows = (head < 0 ? [...Array(heads).keys()] : [head]).map((h) => one(query, layer, h));
    return rows[0].map((_, k) => rows.reduce((sum, r) => sum + r[k], 0) / rows.length);
  };
  if (!map.image) return { ...map, layers, heads, row };
  const patches = Array.from({ length: map.grid[0] * map.grid[1] },
    (_, k) => `patch row ${Math.floor(k / map.grid[1]) + 1} column ${(k % map.grid[1]) + 1}`);
  const keys = [...map.prefix, ...patches];
  return { ...map, layers, heads, row, keys, queries: keys.slice(0, n) };
};

const ranked = (row) => row.map((_, k) => k).sort((a, b) => row[b] - row[a] || a - b);
const fixed = (weight) => weight.toFixed(2);
const short = (weight) => String(+weight.toPrecision(2));
const perplexity = (row) => {
  const sum = row.reduce((a, b) => a + b, 0);
  return Math.exp(-row.reduce((h, w) => (w > 0 ? h + (w / sum) * Math.log(w / sum) : h), 0));
};

const sentence = ({ image, prefix, queries, keys }, query, row) => {
  const top = ranked(row).slice(0, 3);
  if (image) {
    const read = top.map((k, i) => `${keys[k]}${i ? "" : " most"} (${short(row[k])})`).join(", ");
    const kind = prefix.length ? "tokens" : "patches";
    return `${queries[query]} reads ${read}; as wide as an even spread over ${perplexity(row).toFixed(1)} of ${row.length} ${kind}`;
  }
  const left = Math.max(0, 1 - top.reduce((sum, k) => sum + row[k], 0));
  const rest = row.length > 3 ? `; the other ${row.length - 3} share ${fixed(left)}` : "";
  return `"${queries[query]}" reads ${top.map((k) => `"${keys[k]}" ${fixed(row[k])}`).join(", ")}${rest}`;
};

// A key with its bar and its weight.
const barRow = (label) => {
  const fillBar = make("span", { class: "att-fill moves" });
  const value = make("span", { class: "att-value" });
  const name = make("span", { class: "att-name", text: label });
  const node = make("li", {}, name, make("span", { class: "att-bar", "aria-hidden": "true" }, fillBar), value);
  const set = (weight, top, text, newName) => {
    fillBar.style.width = `${100 * weight}%`;
    value.textContent = text;
    node.classList.toggle("att-top", top);
    if (newName !== undefined) name.textContent = newName;
  };
  return { node, set };
};

// Words: queries at the left, curves, keys with bars at the right; below or beside them the heat map of all rows.
const textStage = (map, option, rowOf) => {
  const pitch = 34, lines = Math.max(map.queries.length, map.keys.length) * pitch;
  const options = map.queries.map((label, i) => option(i, label, "att-token"));
  const keys = map.keys.map(barRow);
  const curves = make.svg("svg", { class: "att-curves", viewBox: `0 0 100 ${lines}`, preserveAspectRatio: "none",
    style: `height:${lines}px`, "aria-hidden": "true" });
  const middle = (i) => pitch * (i + 0.5);
  const paths = map.keys.map(() => curves.appendChild(make.svg("path", { "vector-effect": "non-scaling-stroke" })));

  const n = map.queries.length, m = map.keys.length, cell = Math.max(10, Math.min(26, Math.floor(220 / m)));
  const cut = (text) => (text.length > 11 ? `${text.slice(0, 10)}…` : text);
  const labelRoom = 8 + 7 * Math.max(...map.queries.map((q) => cut(q).length));
  const topRoom = 12 + 6 * Math.max(...map.keys.map((k) => cut(k).length));
  const width = labelRoom + m * cell + 40, height = topRoom + n * cell + 4;
  const matrix = make.svg("svg", { class: "att-matrix", viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "aria-label": `Heat map of all weights: ${n} queries as rows, ${m} keys as columns. The list beside it gives each row.` });
  map.keys.forEach((key, k) => matrix.append(make.svg("text", { "text-anchor": "start", text: cut(key),
    transform: `translate(${labelRoom + (k + 0.65) * cell} ${topRoom - 5}) rotate(-55)` })));
  const cells = map.queries.map((query, i) => {
    matrix.append(make.svg("text", { x: labelRoom - 6, y: topRoom + (i + 0.5) * cell + 4, "text-anchor": "end", text: cut(query) }));
    return map.keys.map((_, k) => {
      const box = { x: labelRoom + k * cell, y: topRoom + i * cell, width: cell, height: cell };
      matrix.append(make.svg("rect", { ...box, class: "att-paper" }));
      const shade = make.svg("rect", { ...box, class: "att-shade" });
      const dot = make.svg("circle", { cx: box.x + cell / 2, cy: box.y + cell / 2, r: Math.max(2, cell / 8), class: "att-dot" });
      matrix.append(shade, dot);
      return { shade, dot };
    });
  });
  const chosen = make.svg("rect", { class: "att-chosen", x: labelRoom - 1, width: m * cell + 2, height: cell });
  matrix.append(chosen);
  map.queries.forEach((_, i) => matrix.append(make.svg("rect", { x: 0, y: topRoom + i * cell, width: labelRoom + m * cell,
    height: cell, class: "att-hit", "data-query": i })));
  const caption = make("p", { class: "explorer-hint" });

  const node = make("div", { class: "att-text" },
    make("div", { class: "att-words" },
      make("div", { class: "att-head", "aria-hidden": "true", text: "query" }), make("div"),
      make("div", { class: "att-head", "aria-hidden": "true", text: "key: weight" }),
      make("div", { class: "att-queries", role: "listbox", "aria-label": "Query tokens" }, ...options), curves,
      make("ul", { class: "att-keys", "aria-label": "Key tokens with their weights" }, ...keys.map((key) => key.node))),
    make("div", { class: "att-all", style: `width:max(${width}px, 15rem)` }, matrix, caption));

  const showAll = () => {
    const rows = map.queries.map((_, i) => rowOf(i));
    const most = Math.max(...rows.flat());
    rows.forEach((row, i) => {
      const top = ranked(row)[0];
      row.forEach((weight, k) => {
        cells[i][k].shade.style.fillOpacity = weight / most;
        cells[i][k].dot.style.display = k === top ? "" : "none";
        cells[i][k].dot.classList.toggle("att-light", weight / most > 0.5);
      });
    });
    caption.textContent = `Full shade: ${fixed(most)}. A dot marks the largest weight of each row.`;
  };
  const show = (query, row) => {
    const top = ranked(row)[0];
    keys.forEach((key, k) => key.set(row[k], k === top, fixed(row[k])));
    paths.forEach((path, k) => {
      path.setAttribute("d", `M0 ${middle(query)} C50 ${middle(query)} 50 ${middle(k)} 100 ${middle(k)}`);
      path.style.strokeWidth = `${row[k] < 0.005 ? 0 : 1 + 11 * row[k]}px`;
      path.style.strokeOpacity = 0.25 + 0.75 * row[k];
    });
    chosen.setAttribute("y", topRoom + query * cell);
  };
  const step = (query, key) => ({ ArrowUp: query - 1, ArrowLeft: query - 1, ArrowDown: query + 1, ArrowRight: query + 1 })[key];
  return { node, options, show, showAll, step };
};

// An image: its patches in place, veiled where the chosen token does not read; the most read tokens as bars.
const imageStage = (map, option) => {
  const [rows, columns] = map.grid, before = map.prefix.length;
  const asks = map.queries.length > before;
  const chips = map.prefix.map((label, i) => option(i, label, "att-token"));
  const patches = map.keys.slice(before).map((label, k) => (asks ? option(k + before, label, "att-patch")
    : make("div", { class: "att-patch", "aria-hidden": "true" })));
  const board = make("div", { class: "att-board", style: `grid-template: repeat(${rows}, 1fr) / repeat(${columns}, 1fr)` }, ...patches);
  const list = Array.from({ length: Math.min(6, map.keys.length) }, () => barRow(""));
  const picture = make("div", { class: "att-picture" }, make("img", { src: map.image.src, alt: "", "aria-hidden": "true" }), board);
  const shading = toggle({ label: "light what it reads", checked: true,
    onchange: (on) => picture.classList.toggle("att-plain", !on) });
  const node = make("div", { class: "att-image" },
    make("div", { class: "att-tokens", role: "listbox", "aria-label": `Tokens of the picture ${map.name}`.trim() },
      chips.length ? make("div", { class: "att-chips" }, ...chips) : null, picture),
    make("div", { class: "att-list" }, shading,
      make("ul", { class: "att-keys", "aria-label": "Most read tokens with their weights" }, ...list.map((one) => one.node)),
      make("p", { class: "explorer-hint", text: "Full light: the most read patch (ringed). Darkest: weight 0. Frame: the token that reads." })));

  const show = (query, row) => {
    const order = ranked(row);
    const most = Math.max(...row.slice(before)), best = row.indexOf(most, before) - before;
    patches.forEach((patch, k) => {
      patch.style.setProperty("--veil", (0.82 * (1 - row[k + before] / (most || 1))).toFixed(3));
      patch.classList.toggle("att-best", k === best);
    });
    list.forEach((one, i) => one.set(row[order[i]] / (row[order[0]] || 1), i === 0, short(row[order[i]]), map.keys[order[i]]));
  };
  const step = (query, key) => {
    const move = { ArrowUp: -columns, ArrowDown: columns, ArrowLeft: -1, ArrowRight: 1 }[key];
    if (move === undefined) return undefined;
    const patch = query - before;
    if (patch < 0) return key === "ArrowDown" ? before : Math.min(query + Math.sign(move), before - 1);
    if (Math.abs(move) === 1) return Math.floor((patch + move) / columns) === Math.floor(patch / columns) ? query + move : query;
    return patch + move < 0 ? (before ? 0 : query) : query + move;
  };
  return { node, options: [...chips, ...(asks ? patches : [])], show, showAll: () => {}, step };
};

function render({ model, el }) {
  const { title, maps } = model.get("data");
  const readings = maps.map(readMap);
  const hint = "Point at a token, tap it, or use the arrow keys: what does it read?";
  const { body, say } = frame(el, { name: "attention", title, hint });
  const controls = make("div", { class: "explorer-controls" }), place = make("div");
  body.append(controls, place);

  const state = () => ({ example: model.get("example"), layer: model.get("layer"), head: model.get("head"), selected: model.get("selected") });
  let stage, map, pointed = null;
  const set = (values) => {
    Object.entries(values).forEach(([name, value]) => model.set(name, value));
    model.save_changes();
  };
  const within = (value, low, high) => Math.max(low, Math.min(value, high));
  const rowOf = (query) => map.row(query, within(state().layer, 0, map.layers - 1), within(state().head, -1, map.heads - 1));
  const chosenQuery = () => within(state().selected, 0, map.queries.length - 1);

  const option = (i, label, style) => make("div", { role: "option", class: style, "data-query": i,
    ...(style === "att-patch" ? { "aria-label": label } : { text: label, title: label }) });

  const draw = () => {
    const query = pointed ?? chosenQuery(), row = rowOf(query);
    stage.options.forEach((one, i) => {
      one.setAttribute("aria-selected", i === chosenQuery());
      one.setAttribute("tabindex", i === chosenQuery() ? 0 : -1);
      one.classList.toggle("att-shown", i === query);
    });
    stage.show(query, row);
    say(sentence(map, query, row));
  };
  const drawAll = () => { stage.showAll(); draw(); };

  const build = () => {
    map = readings[within(state().example, 0, readings.length - 1)];
    pointed = null;
    stage = map.image ? imageStage(map, option) : textStage(map, option, rowOf);
    place.replaceChildren(stage.node);
    const { layer, head } = state();
    const mean = [[-1, "mean of heads"], ...Array.from({ length: map.heads }, (_, h) => [h, `head ${h + 1}`])];
    controls.replaceChildren(...[
      readings.length > 1 && choice({ label: "example", value: state().example,
        options: readings.map((one, i) => [i, one.name || `example ${i + 1}`]),
        onchange: (value) => { set({ example: +value, selected: 0 }); controls.querySelector("select").focus(); } }),
      map.layers > 1 && choice({ label: "layer", value: within(layer, 0, map.layers - 1),
        options: Array.from({ length: map.layers }, (_, l) => [l, `layer ${l + 1}`]), onchange: (value) => set({ layer: +value }) }),
      map.heads > 1 && choice({ label: "head", value: within(head, -1, map.heads - 1), options: mean,
        onchange: (value) => set({ head: +value }) }),
    ].filter(Boolean));
    drawAll();
  };

  const queryAt = (event) => {
    const found = event.target.closest("[data-query]");
    return found ? +found.dataset.query : null;
  };
  place.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const query = queryAt(event);
    if (query === pointed) return;
    pointed = query;
    draw();
  });
  place.addEventListener("pointerleave", () => { if (pointed !== null) { pointed = null; draw(); } });
  place.addEventListener("click", (event) => {
    const query = queryAt(event);
    if (query === null) return;
    set({ selected: query });
    stage.options[query].focus({ preventScroll: true });
  });
  place.addEventListener("keydown", (event) => {
    if (queryAt(event) === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = map.queries.length - 1;
    const next = { Home: 0, End: last }[event.key] ?? stage.step(chosenQuery(), event.key);
    if (next === undefined) return;
    event.preventDefault();
    pointed = null;
    if (next >= 0 && next <= last) set({ selected: next });
    stage.options[chosenQuery()].focus();
  });

  const listeners = [["change:example", () => build()], ["change:layer", () => drawAll()], ["change:head", () => drawAll()],
    ["change:selected", () => draw()]];
  listeners.forEach(([name, listener]) => model.on(name, listener));
  build();
  return () => {
    listeners.forEach(([name, listener]) => model.off(name, listener));
    el.replaceChildren();
  };
}
export default { render };
