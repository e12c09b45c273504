// The picture as the networks are shown it: a square of 224 pixels that is cut from a photograph, turned, moved,
// shuffled and covered. What stands on the canvas is what is read, pixel for pixel.
const SIDE = 224, GRID = 8, GREY = "rgb(127, 127, 127)"; // grey: about zero for all three networks
const UNTOUCHED = { zoom: 1, turn: 0, right: 0, down: 0, order: null, covers: [], square: null };

const canvasOf = (side) => {
  const canvas = make("canvas", { width: side, height: side });
  return { canvas, pen: canvas.getContext("2d", { willReadFrequently: true }) };
};

class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d", { willReadFrequently: true });
    this.source = null; // an image or a video
    this.changes = { ...UNTOUCHED };
    this.version = 0; // counts what could change the pixels; a network computes again when it has risen
    this.photograph = 0; // counts photographs
  }

  show(source) {
    this.source = source;
    this.photograph++;
    this.change({ ...UNTOUCHED });
  }

  change(some) {
    Object.assign(this.changes, some);
    this.version++;
    this.draw(this.pen, this.changes);
  }

  get touched() {
    return JSON.stringify(this.changes) !== JSON.stringify(UNTOUCHED);
  }

  // Pixels as bytes, (224, 224, 3): as they are shown, or of the untouched photograph.
  pixels(untouched = false) {
    let pen = this.pen;
    if (untouched) this.draw((pen = canvasOf(SIDE).pen), UNTOUCHED);
    const { data } = pen.getImageData(0, 0, SIDE, SIDE);
    const out = new Uint8Array(SIDE * SIDE * 3);
    for (let i = 0; i < SIDE * SIDE; i++) out.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
    return out;
  }

  draw(pen, { zoom, turn, right, down, order, covers, square }) {
    const width = this.source.videoWidth || this.source.naturalWidth || this.source.width;
    const height = this.source.videoHeight || this.source.naturalHeight || this.source.height;
    const scale = (SIDE / Math.min(width, height)) * zoom; // the largest square of the middle
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = "high";
    pen.fillStyle = GREY;
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.translate(SIDE / 2 + right, SIDE / 2 + down);
    pen.rotate((turn * Math.PI) / 180);
    pen.scale(scale, scale);
    pen.drawImage(this.source, -width / 2, -height / 2);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (order) this.shuffle(pen, order);
    for (const { x, y, edge } of square ? [...covers, square] : covers)
      pen.fillRect(Math.round(x - edge / 2), Math.round(y - edge / 2), edge, edge);
  }

  shuffle(pen, order) {
    const before = canvasOf(SIDE), edge = SIDE / GRID;
    before.pen.drawImage(pen.canvas, 0, 0);
    const corner = (square) => [(square % GRID) * edge, Math.floor(square / GRID) * edge];
    order.forEach((source, target) => {
      pen.drawImage(before.canvas, ...corner(source), edge, edge, ...corner(target), edge, edge);
    });
    pen.fillStyle = GREY;
  }
}

const newOrder = () => {
  const order = Array.from({ length: GRID * GRID }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
};

// A file of the reader's -> an image that is decoded. It stays in the page's memory; nothing sends it.
const decoded = (file) => new Promise((done, failed) => {
  const image = new Image(), url = URL.createObjectURL(file);
  image.onload = () => { URL.revokeObjectURL(url); done(image); };
  image.onerror = () => {
    URL.revokeObjectURL(url);
    const kind = file.type || "unknown kind";
    failed(new Error(`This browser cannot show “${file.name}” (${kind}). JPEG, PNG and WebP always work.`));
  };
  image.src = url;
});

// Some browsers falsify what a page reads from a canvas, against tracking; then every answer would be of other pixels.
const canvasTellsTheTruth = () => {
  const { pen } = canvasOf(16);
  pen.fillStyle = "rgb(10, 200, 30)";
  pen.fillRect(0, 0, 16, 16);
  return pen.getImageData(0, 0, 16, 16).data.every((value, i) => value === [10, 200, 30, 255][i % 4]);
};
