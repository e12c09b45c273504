// The layers of both families in plain JavaScript, one picture at a time. No library.
//
// A map of H x W places and C channels is a Float32Array in the order (row, column, channel): a matrix (H W, C) with
// one row a place. Tokens (N, D) are the same thing: one `linear` serves a 1 x 1 convolution and a Transformer alike.
// A layer is { weight, bias, shape } as a network hands it out: net("blocks.0.mlp.hidden").

// y = x W^T + b for every row: (N, C) -> (N, K), weight (K, C). Two rows times four outputs at once: what is loaded is
// used several times, and a sum is kept in double precision until it is stored.
const linear = (x, { weight, bias, shape }) => {
  const K = shape[0], C = weight.length / K, N = x.length / C;
  const y = new Float32Array(N * K);
  const last = K - (K % 4);
  for (let n = 0; n < N; n += 2) {
    const a = n * C, b = n + 1 < N ? a + C : a; // an odd last row is computed twice
    const ya = n * K, yb = n + 1 < N ? ya + K : ya;
    for (let k = 0; k < last; k += 4) {
      const p = k * C, q = p + C, r = q + C, t = r + C;
      let a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
      for (let i = 0; i < C; i++) {
        const xa = x[a + i], xb = x[b + i];
        const w0 = weight[p + i], w1 = weight[q + i], w2 = weight[r + i], w3 = weight[t + i];
        a0 += xa * w0; a1 += xa * w1; a2 += xa * w2; a3 += xa * w3;
        b0 += xb * w0; b1 += xb * w1; b2 += xb * w2; b3 += xb * w3;
      }
      y[ya + k] = a0; y[ya + k + 1] = a1; y[ya + k + 2] = a2; y[ya + k + 3] = a3;
      y[yb + k] = b0; y[yb + k + 1] = b1; y[yb + k + 2] = b2; y[yb + k + 3] = b3;
    }
    for (let k = last; k < K; k++) { // what four does not divide
      let sa = 0, sb = 0;
      for (let i = 0; i < C; i++) { sa += x[a + i] * weight[k * C + i]; sb += x[b + i] * weight[k * C + i]; }
      y[ya + k] = sa; y[yb + k] = sb;
    }
  }
  if (bias) for (let n = 0; n < N; n++) for (let k = 0; k < K; k++) y[n * K + k] += bias[k];
  return y; // (N, K)
};

// --- maps: { data, height, width, channels } -------------------------------------------------------------------------

// Zeros around a map, so that a filter of side k and stride s sees every place: "same" is TensorFlow's rule (as many
// rows as ceil(H / s), the smaller half on top), "centre" is (k - 1) / 2 on every side, "none" is none.
const padding = (length, k, stride, rule) => {
  if (rule === "none") return [0, 0];
  if (rule === "centre") return [(k - 1) / 2, (k - 1) / 2];
  const missing = Math.max((Math.ceil(length / stride) - 1) * stride + k - length, 0);
  return [missing >> 1, missing - (missing >> 1)];
};

const pad = (map, k, stride, rule) => {
  const [top, bottom] = padding(map.height, k, stride, rule), [left, right] = padding(map.width, k, stride, rule);
  if (top + bottom + left + right === 0) return map;
  const height = map.height + top + bottom, width = map.width + left + right, row = map.width * map.channels;
  const data = new Float32Array(height * width * map.channels);
  for (let y = 0; y < map.height; y++)
    data.set(map.data.subarray(y * row, (y + 1) * row), ((y + top) * width + left) * map.channels);
  return { data, height, width, channels: map.channels }; // (H + top + bottom, W + left + right, C)
};

// A convolution is a matrix product: each window becomes a row of k k C numbers. Weight (K, k, k, C).
const convolution = (map, layer, stride = 1, rule = "none") => {
  const K = layer.shape[0], k = layer.shape[1], C = map.channels;
  if (k === 1 && stride === 1) return { ...map, data: linear(map.data, layer), channels: K };
  const from = pad(map, k, stride, rule);
  const height = Math.floor((from.height - k) / stride) + 1, width = Math.floor((from.width - k) / stride) + 1;
  const windows = new Float32Array(height * width * k * k * C); // (H' W', k k C)
  let at = 0;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++)
    for (let dy = 0; dy < k; dy++, at += k * C) {
      const start = ((y * stride + dy) * from.width + x * stride) * C;
      windows.set(from.data.subarray(start, start + k * C), at);
    }
  return { data: linear(windows, layer), height, width, channels: K }; // (H', W', K)
};

// Each channel has a filter of its own and is not mixed with others. Weight (k, k, C).
const depthwise = (map, { weight, bias, shape }, stride = 1, rule = "centre") => {
  const k = shape[0], C = map.channels, from = pad(map, k, stride, rule);
  const height = Math.floor((from.height - k) / stride) + 1, width = Math.floor((from.width - k) / stride) + 1;
  const data = new Float32Array(height * width * C), sums = new Float32Array(C);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    if (bias) sums.set(bias); else sums.fill(0);
    for (let dy = 0; dy < k; dy++) for (let dx = 0; dx < k; dx++) {
      const a = ((y * stride + dy) * from.width + x * stride + dx) * C, w = (dy * k + dx) * C;
      for (let c = 0; c < C; c++) sums[c] += from.data[a + c] * weight[w + c];
    }
    data.set(sums, (y * width + x) * C);
  }
  return { data, height, width, channels: C }; // (H', W', C)
};

// The largest of 3 x 3, every second place, what lies outside left out: (H, W, C) -> (ceil(H / 2), ceil(W / 2), C).
const maxPool = ({ data, height, width, channels: C }) => {
  const rows = Math.ceil(height / 2), columns = Math.ceil(width / 2);
  const out = new Float32Array(rows * columns * C).fill(-Infinity);
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++)
    for (let v = Math.max(0, 2 * y - 1); v <= Math.min(height - 1, 2 * y + 1); v++)
      for (let u = Math.max(0, 2 * x - 1); u <= Math.min(width - 1, 2 * x + 1); u++)
        for (let c = 0; c < C; c++) {
          const o = (y * columns + x) * C + c;
          out[o] = Math.max(out[o], data[(v * width + u) * C + c]);
        }
  return { data: out, height: rows, width: columns, channels: C };
};

const average = ({ data, channels: C }) => { // (H, W, C) -> (C)
  const sums = new Float64Array(C);
  for (let i = 0; i < data.length; i++) sums[i % C] += data[i];
  return Float32Array.from(sums, (sum) => (sum * C) / data.length);
};

// --- value by value --------------------------------------------------------------------------------------------------

const add = (x, y) => x.map((value, i) => value + y[i]);
const addMaps = (x, y) => ({ ...x, data: add(x.data, y.data) });
const clip = (map, high = Infinity) => { // ReLU, or ReLU6 with high = 6
  const { data } = map, out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = data[i] < 0 ? 0 : data[i] > high ? high : data[i];
  return { ...map, data: out };
};

// The error function within 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
const erf = (x) => {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - tail * Math.exp(-x * x));
};
const gelu = (x) => x.map((value) => (value / 2) * (1 + erf(value / Math.SQRT2))); // x Phi(x)

// --- row by row ------------------------------------------------------------------------------------------------------

// Every token to mean 0 and variance 1, then a learned gain and shift: (N, D) -> (N, D).
const layerNorm = (x, { weight, bias }, epsilon = 1e-6) => {
  const D = weight.length, y = new Float32Array(x.length);
  for (let row = 0; row < x.length; row += D) {
    let mean = 0, variance = 0;
    for (let i = 0; i < D; i++) mean += x[row + i] / D;
    for (let i = 0; i < D; i++) variance += (x[row + i] - mean) ** 2 / D;
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < D; i++) y[row + i] = (x[row + i] - mean) * scale * weight[i] + bias[i];
  }
  return y;
};

// Each row to positive numbers of sum 1: (N, M) -> (N, M). The largest score is taken away first, or exp overflows.
const softmax = (scores, M = scores.length) => {
  const weights = new Float32Array(scores.length);
  for (let row = 0; row < scores.length; row += M) {
    let highest = -Infinity, sum = 0;
    for (let i = row; i < row + M; i++) highest = Math.max(highest, scores[i]);
    for (let i = row; i < row + M; i++) sum += weights[i] = Math.exp(scores[i] - highest);
    for (let i = row; i < row + M; i++) weights[i] /= sum;
  }
  return weights;
};
