// From the 224 x 224 pixels that the page shows to the numbers that a network reads. Pixels are bytes, row by row, RGB.

// Antialiased bilinear, a side to a smaller side, as Pillow's BILINEAR: each new pixel is a weighted mean of the old
// ones under a tent two new pixels wide; across first, then down, rounded to bytes each time.
const shrink = (pixels, from, to) => {
  if (from === to) return pixels;
  const scale = from / to;
  const tents = Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - scale + 0.5)), end = Math.min(from, Math.trunc(centre + scale + 0.5));
    const weights = Array.from({ length: end - first }, (_, j) => 1 - Math.abs(first + j + 0.5 - centre) / scale);
    const positive = weights.map((weight) => Math.max(weight, 0)), sum = positive.reduce((a, b) => a + b);
    return { first, weights: positive.map((weight) => weight / sum) };
  });
  const pass = (source, rows, step, stride) => { // `rows` lines whose pixels are `step` numbers apart
    const out = new Uint8ClampedArray(rows * to * 3);
    for (let row = 0; row < rows; row++) tents.forEach(({ first, weights }, i) => {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        weights.forEach((weight, j) => { sum += weight * source[row * stride + (first + j) * step + c]; });
        out[step === 3 ? (row * to + i) * 3 + c : (i * rows + row) * 3 + c] = sum; // rounds, and stays in 0..255
      }
    });
    return out;
  };
  const across = pass(pixels, from, 3, from * 3); // (from, to, 3)
  return pass(across, to, to * 3, 3); // (to, to, 3)
};

// The picture's 8 x 8 squares in another order: square i of the result is square order[i].
const reorder = (pixels, side, order) => {
  const grid = Math.sqrt(order.length), edge = side / grid, out = new pixels.constructor(pixels.length);
  order.forEach((source, target) => {
    for (let y = 0; y < edge; y++) {
      const at = (square) => ((Math.floor(square / grid) * edge + y) * side + (square % grid) * edge) * 3;
      out.set(pixels.subarray(at(source), at(source) + edge * 3), at(target));
    }
  });
  return out;
};

const inverse = (order) => order.reduce((back, source, target) => { back[source] = target; return back; }, []);

// What a network is given. A small network gets its squares shuffled after the picture has been made small, so that
// each of its patches is moved whole.
const prepare = (pixels, side, size, order) => {
  if (!order || size === side) return shrink(pixels, side, size);
  return reorder(shrink(reorder(pixels, side, inverse(order)), side, size), size, order);
};

const normalise = (bytes, size, mean, std) => ({
  data: Float32Array.from(bytes, (byte) => (byte / 255 - mean) / std), height: size, width: size, channels: 3,
});

// A grey square on a copy: its corner and side in pixels of the picture.
const cover = (pixels, side, left, top, edge, grey = 127) => {
  const out = pixels.slice();
  for (let y = Math.max(0, top); y < Math.min(side, top + edge); y++)
    out.fill(grey, (y * side + Math.max(0, left)) * 3, (y * side + Math.min(side, left + edge)) * 3);
  return out;
};
