// Four weights, five candidates: weighted means as bars, best first; as `ranking.py` computes them.

function render({ model, el }) {
  const { names, colours, criteria, scores, shares, weights: first } = model.get("data");
  const weights = [...first];
  const { body, say } = frame(el, { name: "ranking", title: "Your weights, your winner",
    hint: "How much does each criterion count, from 0 to 5? Each is scored from 0, the worst of the five, to 1; accuracy as a share of the best." });
  const picture = make("div");
  body.append(make("div", { class: "explorer-controls" }, ...criteria.map((criterion, k) => slider({ label: criterion, min: 0, max: 5, step: 1,
    value: weights[k], onchange: (value) => { weights[k] = value; draw(); } }))), picture);
  let narrow = false;

  function draw() {
    const given = weights.some((w) => w > 0) ? weights : weights.map(() => 1), sum = given.reduce((a, b) => a + b, 0);
    const means = scores.map((row) => row.reduce((all, s, k) => all + s * given[k], 0) / sum);
    const order = names.map((_, k) => k).sort((a, b) => means[b] - means[a] || a - b);
    const wide = narrow ? 340 : 640, left = 136, right = wide - (narrow ? 44 : 150), step = 34;
    const parts = [];
    order.forEach((k, y) => {
      const top = 10 + y * step, colour = `var(--e-${colours[k]})`;
      parts.push(make.svg("text", { x: left - 8, y: top + 17, "text-anchor": "end", text: names[k] }));
      parts.push(make.svg("rect", { x: left, y: top + 2, width: Math.max(1, means[k] * (right - left)).toFixed(1), height: 22, style: `fill:${colour}` }));
      const more = narrow ? "" : `, wins ${(100 * shares[k]).toFixed(0)} %`;
      parts.push(make.svg("text", { x: left + means[k] * (right - left) + 6, y: top + 18, text: `${means[k].toFixed(2)}${more}` }));
    });
    const [a, b] = order;
    const words = `First: ${names[a]}, ${means[a].toFixed(2)}; then ${names[b]}, ${means[b].toFixed(2)}. `
      + `Of all possible weightings ${names[a]} wins ${(100 * shares[a]).toFixed(0)} %.`;
    picture.replaceChildren(make.svg("svg", { viewBox: `0 0 ${wide} ${20 + names.length * step}`, role: "img", "aria-label": `Weighted scores. ${words}` }, ...parts));
    say(words);
  }
  const stop = drawnFor(body, (isNarrow) => { narrow = isNarrow; draw(); });
  return () => { stop(); el.replaceChildren(); };
}
export default { render };
