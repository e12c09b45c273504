// The networks of the page, each in a worker of its own. Over file:// a page may not fetch its neighbours, but it may
// add a <script>: weights come as text in parts, when the page has been opened.
const FOLDER = document.currentScript.src.replace(/[^/]*$/, "");
const PARTS = window.LIVE_PARTS;
const readers = new Map();

const addScript = (file) => new Promise((done, failed) => {
  const script = make("script", { src: FOLDER + file });
  script.onload = () => { script.remove(); done(); };
  script.onerror = () => failed(new Error(`${file} could not be read. Is the folder of the book complete?`));
  document.head.append(script);
});

// A worker from text, since a worker may not be read from a file over file://.
const engineApart = (hear) => {
  const worker = new Worker(URL.createObjectURL(new Blob([PARTS.engine], { type: "text/javascript" })));
  worker.onmessage = ({ data }) => hear(data);
  worker.onerror = (event) => hear({ kind: "failed", text: event.message });
  return (message) => worker.postMessage(message);
};
// The same lines in the page, where a browser allows no worker: the page then stops while a network computes.
const engineHere = (hear) => {
  const self = { postMessage: (data) => setTimeout(() => hear(data)) };
  new Function("self", PARTS.engine)(self);
  return (message) => setTimeout(() => self.onmessage({ data: message }));
};

// One network: load it, ask it. Of several questions that wait, only the newest is asked.
class Reader {
  constructor(told) { // name, title, family, side, outputs, weight in bytes, and why it is absent
    Object.assign(this, told, { ready: false, texts: [], count: 0, asked: null, waiting: null });
    this.later = () => {}; // what comes after the first answer: progress, and the map of covering
  }

  async load(progress) {
    if (this.loading) return this.loading;
    return (this.loading = (async () => {
      await addScript(`${this.name}.js`);
      for (let i = 0; i < this.manifest.parts; i++) {
        progress(i / this.manifest.parts);
        await addScript(`${this.name}.${i}.js`);
      }
      progress(1);
      try { await this.start(engineApart); } catch { await this.start(engineHere); }
      this.texts = [];
      this.ready = true;
    })());
  }

  start(engine) {
    return new Promise((loaded, broken) => {
      Object.assign(this, { loaded, broken, post: engine((message) => this.hear(message)) });
      this.post({ kind: "load", manifest: this.manifest, text: this.texts.join("") });
    });
  }

  // Pixels (bytes, 224 x 224 x 3) and what is asked of them -> the answer, or null where a newer question overtook it.
  read(pixels, ask) {
    return new Promise((done, failed) => {
      this.waiting?.done(null);
      this.waiting = { pixels, ask, done, failed };
      if (!this.asked) this.next();
    });
  }

  next() {
    this.asked = this.waiting;
    this.waiting = null;
    if (!this.asked) return;
    const { pixels, ask } = this.asked;
    this.post({ kind: "read", id: ++this.count, pixels, ask });
  }

  hear(message) {
    if (message.kind === "loaded") this.loaded();
    else if (message.kind === "failed" && !this.ready) this.broken(new Error(message.text));
    else if (message.id !== this.count) return; // of a question that is no longer asked
    else if (!this.asked) this.later(message);
    else if (message.kind !== "progress") {
      const { done, failed } = this.asked;
      if (message.kind === "failed") failed(new Error(message.text)); else done(message);
      this.next();
    }
  }
}

for (const told of PARTS.networks) readers.set(told.name, new Reader(told));

// Called by the scripts of the weights; and what a reader's console, or a test, can use: LIVE.readers.get("vit_mini").
window.LIVE = {
  readers,
  manifest: (name, manifest) => { readers.get(name).manifest = manifest; },
  part: (name, number, text) => { readers.get(name).texts[number] = text; },
};
