// One network's part of the page: how far it is loaded, its map with what can be chosen, and its answer.
const range = (count) => Array.from({ length: count }, (_, i) => i);
const LAYERS = {
  vit_mini: range(6).map((i) => `block ${i + 1}`),
  xception_mini: ["stem", ...range(3).map((i) => `entry ${i + 1}`), ...range(8).map((i) => `middle ${i + 1}`), "exit",
    "features"],
  efficientnet_lite0: ["stem", ...range(7).map((i) => `stage ${i + 1}`), "features"],
}; // in the order in which the forward passes keep them
const MIDDLE = 36; // a place of the 8 x 8
const KINDS = {
  vit: [["attention", "attention"], ["rollout", "rollout"], ["positions", "positions"], ["cover", "covering"]],
  cnn: [["class", "class map"], ["strength", "strength"], ["cover", "covering"]],
};
const SAYS = { // what a colour means
  attention: "One block. Bright: what is read most. Press a square to let it read.",
  rollout: "All blocks up to this. Bright: what arrives most, if they only mixed. Press a square to let it read.",
  positions: "Orange: learned vectors like the framed one. The picture plays no part.",
  class: "Orange speaks for the class, blue against it. Their mean and a constant are the score.",
  strength: "Bright: where this stage answers strongly, to whatever.",
  cover: "Orange: covering here takes probability from the class. Blue: it adds some.",
};

class Card {
  constructor(reader, changed) {
    const { name, title, family, side, outputs } = reader;
    Object.assign(this, { reader, family, changed, k: null, base: null, shares: null });
    this.map = { kind: KINDS[family][0][0], layer: LAYERS[name].length - 1, head: null, patch: null };
    this.time = make("span", { class: "live-time" });
    this.meter = make("progress", { max: 1, value: 0, "aria-label": `${title}: weights` });
    this.note = make("p", { class: "live-note" });
    this.loading = make("div", { class: "live-loading" }, this.meter, this.note);
    this.canvas = make("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": `Map of ${title}: none yet` });
    if (family === "vit") this.canvas.addEventListener("click", (event) => this.pick(event));
    this.bars = make("ol", { class: "live-bars", "aria-label": `What ${title} answers` });
    this.before = make("p", { class: "live-before" });
    this.meaning = make("p", { class: "live-meaning" });
    this.choices = make("div", { class: "live-choices" });
    this.terms = make("p", { class: "live-note" });
    this.body = make("div", { class: "live-body", hidden: true },
      this.bars, this.before, this.canvas, this.choices, this.meaning, this.terms);
    this.element = make("section", { class: `live-card live-${family}`, "aria-label": title },
      make("p", { class: "live-name" }, make("b", { text: title }),
        ` ${side} px, ${outputs} classes `, this.time), this.loading, this.body);
    this.drawChoices();
  }

  drawChoices() {
    const { kind, layer, head, patch } = this.map;
    const set = (part) => (value) => {
      this.map[part] = part === "kind" ? value : value === "" ? null : +value;
      if (part === "kind") this.drawChoices();
      this.changed(this);
    };
    const layers = LAYERS[this.reader.name].map((text, i) => [i, text]);
    const focused = this.choices.contains(document.activeElement);
    const rows = [choice({ label: "Map", options: KINDS[this.family], value: kind, onchange: set("kind") })];
    const label = kind === "strength" ? "Stage" : "Block";
    if (["attention", "rollout", "strength"].includes(kind))
      rows.push(choice({ label, options: layers, value: layer, onchange: set("layer") }));
    if (kind === "attention") {
      const heads = [["", "mean of all"], ...range(4).map((i) => [i, `head ${i + 1}`])];
      rows.push(choice({ label: "Head", options: heads, value: head ?? "", onchange: set("head") }));
    }
    const places = range(GRID * GRID).map((i) => [i, `row ${Math.floor(i / GRID) + 1}, column ${(i % GRID) + 1}`]);
    if (kind === "attention" || kind === "rollout") {
      const options = [["", "class token"], ...places];
      rows.push(choice({ label: "Reader", options, value: patch ?? "", onchange: set("patch") }));
    } else if (kind === "positions")
      rows.push(choice({ label: "Place", options: places, value: patch ?? MIDDLE, onchange: set("patch") }));
    this.choices.replaceChildren(...rows);
    if (focused) rows[0].querySelector("select").focus();
    this.meaning.textContent = SAYS[kind];
  }

  // Pressing a square of the Transformer's map makes it the one that reads; again, and the class token reads.
  pick(event) {
    if (!["attention", "rollout", "positions"].includes(this.map.kind)) return;
    const box = this.canvas.getBoundingClientRect();
    const cell = (at, length) => Math.min(GRID - 1, Math.floor((at / length) * GRID));
    const place = cell(event.clientY - box.top, box.height) * GRID + cell(event.clientX - box.left, box.width);
    this.map.patch = this.map.patch === place ? null : place; // positions then take the middle
    this.drawChoices();
    this.changed(this);
  }

  async load() {
    const size = `${(this.reader.weight / 1e6).toFixed(1)} MB`;
    this.note.textContent = `Its weights, ${size}, are being unpacked.`;
    try {
      await this.reader.load((share) => { this.meter.value = share; });
      const { terms, converted } = this.reader.manifest, href = `${FOLDER}${this.reader.name}.LICENSE.txt`;
      this.terms.replaceChildren(`${converted} `, make("a", { href, text: "Terms of its weights" }));
      this.terms.title = terms;
      this.loading.hidden = true;
      this.body.hidden = false;
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error) {
    this.meter.hidden = true;
    this.loading.hidden = false;
    this.note.textContent = `${this.reader.title} cannot answer here: ${error.message}`;
  }

  // A button in place of loading at once: over a network six megabytes are the reader's to spend.
  offer(then) {
    const button = make("button", { type: "button", text: `Load it (${(this.reader.weight / 1e6).toFixed(1)} MB)`,
      onclick: () => { button.remove(); this.meter.hidden = false; this.load().then(then); } });
    this.meter.hidden = true;
    this.note.textContent = "Its weights are the heaviest of the three. ";
    this.loading.append(button);
  }

  question(picture, settings) {
    const patch = this.map.kind === "positions" ? this.map.patch ?? MIDDLE : this.map.patch;
    return { ...settings, order: picture.changes.order, version: picture.version,
      map: { ...this.map, patch, k: this.k, edge: picture.changes.square?.edge ?? 56 } };
  }

  // Ask about the picture as it is; first, where it has been changed, once about the untouched photograph.
  async answer(picture, settings) {
    const { reader } = this;
    if (!reader.ready || !picture.source) return null;
    const trained = { positions: true, random: "none", seed: 0 };
    const plain = { ...trained, order: null, version: -picture.photograph, map: { kind: "none" } };
    const changed = picture.touched || settings.random !== "none" || !settings.positions;
    if (changed && this.base?.photograph !== picture.photograph) {
      const first = await reader.read(picture.pixels(true), plain);
      if (!first) return null;
      this.remember(first, picture.photograph);
    }
    const { photograph, canvas } = picture;
    const found = await reader.read(picture.pixels(), this.question(picture, settings));
    if (!found) return null;
    if (!changed) this.remember(found, photograph);
    this.show(found, canvas, changed);
    reader.later = (message) => {
      if (message.kind === "answer") this.drawMap(message, canvas);
      else if (message.kind === "failed") this.fail(new Error(message.text));
      else this.meaning.textContent = `Covering: ${Math.round(100 * message.share)} % of 64 places.`;
    };
    return found;
  }

  remember({ logits, k }, photograph) {
    const shares = probabilities(logits), top = ranked(shares, 1)[0];
    this.base = { photograph, top, share: shares[top] };
  }

  show(found, canvas, changed) {
    const { classes } = this.reader.manifest;
    this.shares = probabilities(found.logits);
    this.time.textContent = `${(found.ms / 1000).toFixed(2)} s`;
    drawBars(this.bars, this.shares, classes, found.k, (k) => { this.k = k; this.changed(this); });
    const { top, share } = this.base ?? {};
    this.before.textContent = changed && this.base
      ? `Untouched: ${classes[top]} ${percent(share)}, now ${percent(this.shares[top])}.` : "";
    this.drawMap(found, canvas);
  }

  drawMap({ map, k }, canvas) {
    const { kind, patch } = this.map, { title, manifest } = this.reader;
    const reads = { attention: patch, rollout: patch, positions: patch ?? MIDDLE }[kind] ?? null;
    drawMap(this.canvas, canvas, map, reads);
    const of = kind === "class" || kind === "cover" ? ` of “${manifest.classes[k]}”` : "";
    const name = KINDS[this.family].find(([key]) => key === kind)[1];
    const seen = map ? `, ${map.rows} × ${map.columns}; highest at the ${whereHighest(map)}` : ": to come";
    this.canvas.setAttribute("aria-label", `Map of ${title}: ${name}${of}${seen}`);
    this.meaning.textContent = SAYS[kind] + (of ? ` Here${of}.` : "");
  }

  // One line for those who do not see the bars.
  get said() {
    const { classes } = this.reader.manifest, top = ranked(this.shares, 1)[0];
    return `${this.reader.title}: ${classes[top]}, ${percent(this.shares[top])}.`;
  }
}
