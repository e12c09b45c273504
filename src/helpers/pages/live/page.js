// The page: photographs in, three cards out. Everything stays in this tab; nothing is sent.
const HINT = "Drag a grey square over it. Keyboard: arrows move the square, Enter leaves it, Delete uncovers all.";
const LYING = "This browser changes what a page reads from a picture, against tracking, so the answers below are of "
  + "other pixels than yours. Allow this page to read canvas data, or use another browser.";

const start = (root) => {
  const stage = make("canvas", { class: "live-stage", width: SIDE, height: SIDE, tabindex: 0, role: "img",
    "aria-describedby": "live-keys", "aria-label": "The picture as the networks see it: none yet" });
  const picture = (window.LIVE.picture = new Picture(stage));
  const settings = { positions: true, random: "none", seed: 1 };
  const alarm = make("p", { class: "live-alarm", role: "alert" });
  const status = make("p", { class: "explorer-output", role: "status", "aria-live": "polite" });
  let edge = 56, timer = 0, frame = 0, name = "";

  const cards = [...readers.values()].filter(({ absent }) => !absent)
    .map((reader) => new Card(reader, (card) => ask([card])));
  const missing = [...readers.values()].filter(({ absent }) => absent).map(({ title, absent }) =>
    make("p", { class: "live-absent", text: `${title} is not in this copy of the book. ${absent}` }));

  const ask = async (some = cards) => {
    await Promise.all(some.map((card) => card.answer(picture, settings).catch((error) => card.fail(error))));
    clearTimeout(timer);
    timer = setTimeout(() => {
      const ready = cards.filter(({ shares }) => shares);
      if (picture.source && ready.length) status.textContent = ready.map(({ said }) => said).join(" ");
    }, 500);
  };
  const refresh = () => { // at most once a frame, however fast the mouse
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => ask());
  };
  const change = (some) => { if (picture.source) { picture.change(some); refresh(); } };

  const show = (source, called) => {
    alarm.textContent = "";
    name = called;
    for (const card of cards) card.k = null;
    picture.show(source);
    controls.reset();
    stage.setAttribute("aria-label", `The picture as the networks see it: ${name}`);
    refresh();
  };
  const take = async (file) => {
    if (!file) { alarm.textContent = "That was no file. Save the picture first, then drop the file here."; return; }
    camera.stop();
    try {
      show(await decoded(file), file.name || "your photograph");
    } catch (error) { alarm.textContent = error.message; }
  };

  const camera = cameraOf(picture, alarm, { show, live: () => { picture.change({}); ask(); } });
  const setEdge = (value) => {
    edge = value;
    if (picture.changes.square) change({ square: { ...picture.changes.square, edge } });
  };
  const controls = controlsOf({ change, picture, settings, again: () => { picture.version++; refresh(); }, setEdge });
  coverWith(stage, picture, change, () => edge);

  root.replaceChildren(
    make("div", { class: "live-sources" }, ...sources(take, show, camera)), alarm,
    make("div", { class: "live-top" },
      make("div", {}, stage, make("p", { id: "live-keys", class: "live-note", text: HINT })),
      controls.element),
    make("div", { class: "live-cards" }, ...cards.map(({ element }) => element), ...missing), status);
  receiveFiles(root, take);

  if (!canvasTellsTheTruth()) alarm.textContent = LYING;
  const first = new Image();
  first.onload = () => show(first, PARTS.pictures[0].name);
  first.src = PARTS.pictures[0].src;
  for (const card of cards) {
    if (card.reader.name === "efficientnet_lite0" && location.protocol !== "file:") card.offer(() => ask([card]));
    else card.load().then(() => ask([card]));
  }
};

// --- pictures --------------------------------------------------------------------------------------------------------

const sources = (take, show, camera) => {
  const id = unique("photograph");
  const chosen = () => { take(input.files[0]); input.value = ""; };
  const input = make("input", { type: "file", id, accept: "image/*", class: "live-file", onchange: chosen });
  const samples = PARTS.pictures.map(({ name, src }) => {
    const image = make("img", { src, alt: name, width: 56, height: 56 });
    const onclick = () => { camera.stop(); show(image, name); };
    return make("button", { type: "button", class: "live-sample", onclick }, image);
  });
  const label = make("label", { for: id, class: "live-choose", text: "Choose, drop or paste a photograph" });
  return [input, label, camera.button, ...samples];
};

const receiveFiles = (root, take) => {
  const stop = (event) => { event.preventDefault(); root.classList.toggle("live-over", event.type === "dragover"); };
  root.addEventListener("dragover", stop);
  root.addEventListener("dragleave", stop);
  root.addEventListener("drop", (event) => { stop(event); take(event.dataTransfer.files[0]); });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    if (file) take(file);
  });
};

// The camera, where the browser and the reader allow one: its picture is read as it moves until one is taken.
const cameraOf = (picture, alarm, { show, live }) => {
  const video = make("video", { muted: true, playsinline: true });
  let stream = null, clock = 0;
  const stop = () => {
    clearInterval(clock);
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    button.textContent = "Use the camera";
  };
  const begin = async () => {
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new Error("this browser gives a page from here no camera");
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      await video.play();
      button.textContent = "Keep this picture";
      show(video, "the camera's picture");
      clock = setInterval(live, 250);
    } catch (error) {
      stop();
      alarm.textContent = `No camera: ${error.message}. A photograph from a file works the same.`;
    }
  };
  const keep = () => {
    const { canvas, pen } = canvasOf(0);
    Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
    pen.drawImage(video, 0, 0);
    stop();
    show(canvas, "the camera's picture");
  };
  const button = make("button", { type: "button", text: "Use the camera", onclick: () => (stream ? keep() : begin()) });
  return { button, stop: () => { if (stream) stop(); } };
};

// --- what can be done to a picture -----------------------------------------------------------------------------------

const controlsOf = ({ change, picture, settings, again, setEdge }) => {
  const degrees = (value) => `${value}°`, pixels = (value) => `${value} px`;
  const resets = [], reset = () => resets.forEach((one) => one());
  const moving = (label, part, min, max, step, show) => {
    const value = UNTOUCHED[part];
    const row = slider({ label, min, max, step, value, show, onchange: (now) => change({ [part]: now }) });
    const input = row.querySelector("input");
    resets.push(() => {
      input.value = value;
      row.querySelector("output").textContent = show(value);
      input.setAttribute("aria-valuetext", show(value));
    });
    return row;
  };
  const press = (text, onclick) => make("button", { type: "button", text, onclick });
  const set = (part) => (value) => { settings[part] = value; again(); };
  const options = [["none", "as trained"], ["head", "last layer shuffled"], ["half", "upper half shuffled"],
    ["all", "all shuffled"]];
  const forget = (value) => { settings.seed++; set("random")(value); };
  const weights = choice({ label: "Weights", value: "none", options, onchange: forget });
  const positions = toggle({ label: "ViT-mini knows where a patch was", checked: true, onchange: set("positions") });
  const leave = () => change({ covers: [...picture.changes.covers, picture.changes.square].filter(Boolean) });
  const element = make("div", { class: "live-controls" },
    slider({ label: "Square", min: 14, max: 140, step: 14, value: 56, show: pixels, onchange: setEdge }),
    make("div", { class: "live-buttons" },
      press("Leave the square there", leave),
      press("Uncover all", () => change({ covers: [], square: null }))),
    moving("Zoom", "zoom", 1, 4, 0.1, (value) => `${value.toFixed(1)} ×`),
    moving("Turn", "turn", -180, 180, 5, degrees),
    moving("To the right", "right", -112, 112, 1, pixels),
    moving("Down", "down", -112, 112, 1, pixels),
    make("div", { class: "live-buttons" },
      press("Shuffle the 8 × 8 squares", () => change({ order: newOrder() })),
      press("Back in order", () => change({ order: null })),
      press("As it came", () => { reset(); change({ ...UNTOUCHED }); })),
    positions, weights);
  return { element, reset };
};

// The grey square: it follows a mouse or finger that is held down, or the arrow keys.
const coverWith = (stage, picture, change, edge) => {
  const inside = (at) => Math.min(SIDE, Math.max(0, at));
  const to = (x, y) => change({ square: { x: inside(x), y: inside(y), edge: edge() } });
  const follow = (event) => {
    const box = stage.getBoundingClientRect();
    to(((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE);
  };
  stage.addEventListener("pointerdown", (event) => { stage.setPointerCapture(event.pointerId); follow(event); });
  stage.addEventListener("pointermove", (event) => { if (stage.hasPointerCapture(event.pointerId)) follow(event); });
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-14, 0], ArrowRight: [14, 0], ArrowUp: [0, -14], ArrowDown: [0, 14] }[event.key];
    const { square, covers } = picture.changes;
    if (step) to((square?.x ?? SIDE / 2) + step[0], (square?.y ?? SIDE / 2) + step[1]);
    else if (event.key === "Enter" && square) change({ covers: [...covers, square] });
    else if (event.key === "Delete" || event.key === "Backspace") change({ covers: [], square: null });
    else return;
    event.preventDefault();
  });
};

document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("live");
  if (root) start(root);
});
