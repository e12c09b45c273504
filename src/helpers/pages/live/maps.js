// A map over the picture, and the five likeliest classes of a network.

// 0..1 -> colour, dark to bright; and -1..1, blue for less, orange for more. Red, green, blue.
const HEAT = [[28, 24, 48], [112, 28, 108], [204, 70, 66], [250, 150, 40], [252, 240, 160]];
const SIGNED = [[40, 98, 214], [132, 172, 240], [244, 244, 244], [250, 176, 108], [205, 84, 10]];
const colour = (share, stops) => {
  const at = Math.min(stops.length - 1.001, Math.max(0, share * (stops.length - 1))), i = Math.floor(at);
  return stops[i].map((value, c) => Math.round(value + (at - i) * (stops[i + 1][c] - value)));
};

// Every value of a map as a square over the grey picture; nothing is smoothed, so that a coarse map looks coarse.
// The place that reads, if one does, gets a frame.
const drawMap = (canvas, picture, map, reads = null) => {
  const pen = canvas.getContext("2d");
  pen.filter = "grayscale(1)";
  pen.drawImage(picture, 0, 0, SIDE, SIDE);
  pen.filter = "none";
  if (!map) return;
  const { values, rows, columns, signed } = map;
  const highest = values.reduce((a, b) => Math.max(a, signed ? Math.abs(b) : b), 0) || 1;
  const lowest = signed ? -highest : values.reduce((a, b) => Math.min(a, b));
  values.forEach((value, place) => {
    const [red, green, blue] = colour((value - lowest) / (highest - lowest || 1), signed ? SIGNED : HEAT);
    pen.fillStyle = `rgb(${red} ${green} ${blue} / .68)`;
    const x = ((place % columns) * SIDE) / columns, y = (Math.floor(place / columns) * SIDE) / rows;
    pen.fillRect(Math.round(x), Math.round(y), Math.round(x + SIDE / columns) - Math.round(x),
      Math.round(y + SIDE / rows) - Math.round(y));
  });
  if (reads === null) return;
  pen.lineWidth = 3;
  pen.strokeStyle = "white";
  const edge = SIDE / GRID;
  pen.strokeRect((reads % GRID) * edge, Math.floor(reads / GRID) * edge, edge, edge);
};

// Where a map is highest, in words.
const whereHighest = ({ values, rows, columns }) => {
  const place = values.reduce((top, value, i) => (value > values[top] ? i : top), 0);
  const word = (at, length, words) => words[Math.floor((3 * (at + 0.5)) / length)];
  const row = word(Math.floor(place / columns), rows, ["top", "middle", "bottom"]);
  const column = word(place % columns, columns, ["left", "centre", "right"]);
  return `${row} ${column}`;
};

const probabilities = (logits) => {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const parts = Array.from(logits, (value) => Math.exp(value - highest)), sum = parts.reduce((a, b) => a + b);
  return parts.map((part) => part / sum);
};
const ranked = (values, count) => Array.from(values.keys()).sort((a, b) => values[b] - values[a]).slice(0, count);
const percent = (share) => (share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);

// The likeliest classes as bars; pressing one asks for the maps of that class.
const drawBars = (list, shares, classes, chosen, choose) => {
  const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
  list.replaceChildren(...ranked(shares, 5).map((k) =>
    make("li", {},
      make("button", { type: "button", "aria-pressed": String(k === chosen), onclick: () => choose(k) },
        make("span", { class: "live-class", text: classes[k] }),
        make("span", { class: "live-share", text: percent(shares[k]) }),
        make("span", { class: "live-bar", style: `width: ${100 * shares[k]}%`, "aria-hidden": "true" })))));
  if (focused >= 0) list.querySelectorAll("button")[focused]?.focus();
};
