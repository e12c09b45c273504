// One network that answers, apart from the page so that the page stays quick. Messages in: "load" (manifest and base64
// text), "read" (pixels and what is asked). Messages out: "loaded", "answer", "progress", "failed".
// `self` is a worker, or a stand-in where a browser allows none.
const SIDE = 224, GRID = 8; // pixels of the picture in the page, and the squares that are covered or shuffled

// Bytes -> net("name") = { weight, bias, shape }, net.tensor, net.has, net.config, net.names.
const unpack = (manifest, text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const floats = new Float32Array(bytes.buffer, 0, manifest.floats);
  const integers = new Int8Array(bytes.buffer, 4 * manifest.floats);
  const tensors = new Map();
  let f = 0, i = 0;
  for (const { name, shape, bytes: width, axis } of manifest.tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    let data = floats.subarray(f, f + size);
    if (width === 1) {
      const K = shape.at(axis), inside = size / K; // numbers of one output, where outputs come first
      const scales = floats.subarray(f, f + K);
      const scale = axis ? (j) => scales[j % K] : (j) => scales[Math.floor(j / inside)];
      data = Float32Array.from({ length: size }, (_, j) => integers[i + j] * scale(j));
      i += size;
      f += K;
    } else f += size;
    tensors.set(name, { data, shape });
  }
  return network(manifest, tensors);
};

const network = (manifest, tensors) => {
  const layer = (name) => {
    const { data, shape } = tensors.get(`${name}.weight`);
    return { weight: data, shape, bias: tensors.get(`${name}.bias`)?.data };
  };
  return Object.assign(layer, { manifest, tensors, config: manifest.config,
    tensor: (name) => tensors.get(name).data, has: (name) => tensors.has(`${name}.weight`) });
};

// Reproducible numbers in [0, 1): mulberry32.
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

// The control that every map needs (Adebayo et al., 2018): the numbers of a matrix in another order, so that their
// spread stays and what was learned is gone. `part`: "head", "half" (the upper half of the matrices) or "all".
const forgetful = (net, part, seed) => {
  const matrices = net.manifest.tensors.filter(({ bytes }) => bytes === 1).map(({ name }) => name);
  const from = { head: matrices.length - 1, half: Math.floor(matrices.length / 2), all: 0 }[part];
  const tensors = new Map(net.tensors), next = random(seed);
  for (const name of matrices.slice(from)) {
    const { data, shape } = tensors.get(name), mixed = data.slice();
    for (let i = mixed.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1));
      [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
    }
    tensors.set(name, { data: mixed, shape });
  }
  return network(net.manifest, tensors);
};

const FORWARD = { vit_mini: vit, xception_mini: xception, efficientnet_lite0: efficientnet };
const best = (values) => values.reduce((top, value, k) => (value > values[top] ? k : top), 0);

// The map that is asked for: { values, rows, columns, signed }, or null.
const mapOf = (net, found, { kind, layer, head, patch }, k) => {
  const square = (values, signed = false) => {
    const side = Math.sqrt(values.length);
    return { values, rows: side, columns: side, signed };
  };
  const { heads } = net.config;
  if (kind === "class") return square(classMap(found.last, net("head"), k), true);
  if (kind === "strength") return square(strength(found.layers[layer].map));
  if (kind === "positions")
    return square(positionsLike(net.tensor("positions.table"), net("norm").weight.length, patch ?? 0), true);
  if (kind !== "attention" && kind !== "rollout") return null;
  const { attention } = found;
  const matrix = kind === "rollout" ? rollout(attention, heads, layer) : headOrMean(attention[layer], heads, head);
  const N = Math.sqrt(matrix.length), row = patch === null ? 0 : patch + 1; // the class token reads, or a patch
  return square(matrix.slice(row * N + 1, (row + 1) * N)); // what it reads of the patches
};

let trained = null, kept = { key: null }, latest = 0;

const read = async ({ id, pixels, ask }) => {
  const { size, mean, std, name } = trained.manifest;
  const forward = (net, bytes) => FORWARD[name](net, normalise(bytes, size, mean, std), { positions: ask.positions });
  const start = performance.now();
  const weights = `${ask.random} ${ask.seed}`;
  const fresh = () => (ask.random === "none" ? trained : forgetful(trained, ask.random, ask.seed));
  const net = kept.weights === weights ? kept.net : fresh();
  const key = `${weights} ${ask.version} ${ask.positions}`; // the page counts versions of its picture
  if (kept.key !== key) {
    const input = prepare(pixels, SIDE, size, ask.order);
    const before = performance.now();
    const found = forward(net, input);
    kept = { key, weights, net, found, input, ms: performance.now() - before };
  }
  const { found, ms } = kept;
  const k = ask.map.k ?? best(found.logits);
  const told = ask.map.kind === "cover" ? null : mapOf(net, found, ask.map, k);
  const answer = { kind: "answer", id, k, ms, logits: found.logits, map: told };
  if (ask.input) answer.input = kept.input; // what the network was given, for tests
  self.postMessage({ ...answer, all: performance.now() - start });
  if (ask.map.kind !== "cover") return;
  const share = (logits) => softmax(logits)[k];
  const whole = share(found.logits), values = new Float32Array(GRID * GRID);
  const edge = ask.map.edge, step = SIDE / GRID;
  for (let place = 0; place < values.length; place++) {
    await new Promise((done) => setTimeout(done)); // a newer question may come in between
    if (id !== latest) return;
    const middle = (i) => Math.round((i + 0.5) * step - edge / 2);
    const covered = cover(pixels, SIDE, middle(place % GRID), middle(Math.floor(place / GRID)), edge);
    values[place] = whole - share(forward(net, prepare(covered, SIDE, size, ask.order)).logits);
    if (place % 8 === 7) self.postMessage({ kind: "progress", id, share: (place + 1) / values.length });
  }
  const map = { values, rows: GRID, columns: GRID, signed: true };
  self.postMessage({ ...answer, map, all: performance.now() - start });
};

self.onmessage = ({ data }) => {
  const failed = (error) => self.postMessage({ kind: "failed", id: data.id, text: String(error?.message ?? error) });
  try {
    if (data.kind === "load") {
      trained = unpack(data.manifest, data.text);
      self.postMessage({ kind: "loaded" });
    } else {
      latest = data.id;
      read(data).catch(failed);
    }
  } catch (error) { failed(error); }
};
