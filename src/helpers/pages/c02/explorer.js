// Which words vote for this image: every place's share of a linear score, added up here from words and weights.

const signed = (value) => `${Math.round(100 * value) < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`; // as explorer.py

function render({ model, el }) {
  const { shown, ...data } = model.get("data");
  const groups = data.groups.map((one) => ({ ...one, weights: one.thousandths.map((row) => row.map((value) => value / 1000)),
    pictures: one.pictures.map((p) => ({ ...p, words: [...unpack(p.words).values].map(Math.round) })) }));
  let group, picture, label, rank;

  const { body, say } = frame(el, { name: "votes", title: "Which words vote for this picture?",
    hint: "Blue squares vote for the class you ask about, orange ones (turned) against; a larger square is a stronger vote. "
      + "Walk through the words with the slider, or press a place." });
  const pictures = groups.flatMap((one, g) => one.pictures.map((p, k) => [`${g}-${k}`, `${one.name}: ${p.name}`]));
  const classes = make("div", {}), words = make("div", {});
  body.append(make("div", { class: "explorer-controls" },
    choice({ label: "picture", options: pictures, value: "0-0", onchange: (key) => take(...key.split("-").map(Number)) }),
    classes, words));
  const svg = make.svg("svg", { viewBox: `0 0 ${shown} ${shown}`, role: "img", class: "votes-picture" });
  const table = make("table", { class: "votes-words" });
  body.append(make("div", { class: "votes-both" }, make("div", {}, svg), make("div", { class: "scroll" }, table)));

  const own = () => group.pictures[picture];
  const votesFor = (k) => own().words.map((word) => group.weights[k][word] / own().words.length);
  const score = (k) => votesFor(k).reduce((a, b) => a + b, 0) + group.bias[k];

  // The words of the picture, strongest for to strongest against, as by_vote of explorer.py.
  function byVote() {
    const counts = new Map();
    own().words.forEach((word) => counts.set(word, (counts.get(word) || 0) + 1));
    return [...counts].map(([word, places]) => [word, (group.weights[label][word] * places) / own().words.length, places])
      .sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  }

  function take(g, k) {
    group = groups[g];
    picture = k;
    label = own().first;
    classes.replaceChildren(choice({ label: "asked for", options: group.classes.map((name, i) => [i, name]), value: label,
      onchange: (key) => { label = +key; walk(0); } }));
    walk(0);
  }

  function walk(at) {
    rank = at;
    const order = byVote();
    words.replaceChildren(slider({ label: "word", min: 0, max: order.length - 1, step: 1, value: at,
      show: (i) => `${i + 1} of ${order.length}`, onchange: (i) => { rank = i; draw(); } }));
    draw();
  }

  function draw() {
    const votes = votesFor(label), most = Math.max(...votes.map(Math.abs)), side = group.side, cell = shown / (side + 1);
    const order = byVote(), [chosen, total, places] = order[rank];
    const parts = [make.svg("image", { href: own().image, x: 0, y: 0, width: shown, height: shown, class: "votes-image" })];
    votes.forEach((vote, i) => {
      const x = (1 + (i % side)) * cell, y = (1 + Math.floor(i / side)) * cell;
      const size = cell * Math.sqrt(Math.abs(vote) / most) * 0.9, sign = vote > 0 ? "vit" : "cnn";
      const turn = vote > 0 ? "" : `rotate(45 ${x} ${y}) translate(${x} ${y}) scale(.8) translate(${-x} ${-y})`;
      parts.push(make.svg("rect", { x: x - size / 2, y: y - size / 2, width: size, height: size, transform: turn || null, class: `votes-${sign}` }));
      if (own().words[i] === chosen) parts.push(make.svg("circle", { cx: x, cy: y, r: cell * 0.62, class: "votes-ring" }));
      parts.push(make.svg("rect", { x: x - cell / 2, y: y - cell / 2, width: cell, height: cell, fill: "transparent", class: "votes-place",
        onclick: () => walk(order.findIndex(([word]) => word === own().words[i])) }));
    });
    svg.replaceChildren(...parts);
    const scores = group.classes.map((_, k) => score(k)), now = scores[label], place = 1 + scores.filter((other) => other > now).length;
    const sum = (keep) => votes.filter(keep).reduce((a, b) => a + b, 0);
    const best = group.classes[scores.indexOf(Math.max(...scores))];
    svg.setAttribute("aria-label", `${own().name}: ${votes.filter((v) => v > 0).length} places vote for ${group.classes[label]}, ${votes.filter((v) => v < 0).length} against.`);
    rows(order);
    say(`${own().name}, asked for “${group.classes[label]}”: for ${signed(sum((v) => v > 0))}, against ${signed(sum((v) => v < 0))}, `
      + `bias ${signed(group.bias[label])}, score ${signed(now)}: place ${place} of ${scores.length}. Its answer: “${best}”. `
      + `Outlined: word ${chosen}, ${places} of ${votes.length} places, ${signed(total)} in all.`);
  }

  // The three words most for and the three most against, and the chosen one.
  function rows(order) {
    const ends = order.length > 6 ? [0, 1, 2, order.length - 3, order.length - 2, order.length - 1] : order.map((_, i) => i);
    const kept = [...new Set([...ends, rank])].sort((a, b) => a - b);
    const head = make("tr", {}, ...["word", "places", "votes"].map((text) => make("th", { scope: "col", text })));
    table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...kept.map((i) => {
      const [word, total, places] = order[i];
      return make("tr", { "aria-current": i === rank }, ...[word, places, signed(total)].map((text) => make("td", { text })));
    })));
  }
  take(0, 0);
  return () => el.replaceChildren();
}
export default { render };
