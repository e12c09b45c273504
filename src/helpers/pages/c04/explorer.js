// Loss curves of sick trainings: one names the disease, or gives it. All sentences come with the data.

function render({ model, el }) {
  const { patients, order, signs, guessing, lowest } = model.get("data");
  const signsOf = Object.fromEntries(signs.map(([name, look, act]) => [name, { look, act }]));
  const names = signs.map(([name]) => [name, name]);
  const dosesOf = (disease) => patients.filter((one) => one.disease === disease);
  const now = { place: 0, shown: patients[order[0]], named: false };
  const { body, say } = frame(el, { name: "disease", title: "Name the disease, then give it",
    hint: "Each curve is a training in which one thing is wrong (or none). Dashed: the loss of guessing. The axis is logarithmic." });

  const asks = choice({ label: "What is it?", options: [["", "choose …"], ...names], value: "", onchange: diagnose });
  const gives = choice({ label: "Give it:", options: [["", "choose …"], ...names], value: "", onchange: () => give() });
  const doses = slider({ label: "dose", min: 0, max: 2, step: 1, value: 1, onchange: () => give(),
    show: (at) => (gives.querySelector("select").value ? dosesOf(gives.querySelector("select").value)[at].dose : "–") });
  const asked = asks.querySelector("select"), given = gives.querySelector("select"), dose = doses.querySelector("input");
  const svg = make.svg("svg", { viewBox: "0 0 420 260", role: "img" });
  body.append(make("div", { class: "explorer-controls" }, asks, gives, doses,
    make("button", { type: "button", text: "Next patient", onclick: () => next(1) })),
  make("div", { class: "disease-plot" }, svg));

  function next(step) {
    now.place = (now.place + step) % order.length;
    now.shown = patients[order[now.place]];
    now.named = false;
    asked.value = given.value = "";
    label();
    draw();
    say(`Patient ${now.place + 1} of ${order.length}. ${now.shown.chart} What is it?`);
  }
  function diagnose(guess) {
    if (given.value) return next(0);
    if (!guess) return next(0);
    const { disease, dose: much } = now.shown;
    now.named = guess === disease;
    draw();
    say(now.named ? `Right: ${disease}, ${much}. Look for ${signsOf[disease].look}. Do: ${signsOf[disease].act}.`
      : `Not ${guess}: there one sees ${signsOf[guess].look}. Look again.`);
    return undefined;
  }
  function give() {
    if (!given.value) { label(); return; }
    now.shown = dosesOf(given.value)[+dose.value];
    now.named = true;
    asked.value = "";
    label();
    draw();
    const { disease, dose: much, chart } = now.shown;
    say(`${disease}, ${much}. ${chart} Look for ${signsOf[disease].look}.`);
  }
  function label() {
    const text = given.value ? dosesOf(given.value)[+dose.value].dose : "–";
    doses.querySelector("output").textContent = text;
    dose.setAttribute("aria-valuetext", text);
    dose.disabled = !given.value;
  }

  function draw() {
    const { steps, train, val } = now.shown, last = steps[steps.length - 1];
    const highest = Math.max(1, Math.ceil(Math.max(...train, ...val)));
    const x = (step) => 70 + (240 * step) / last, y = (power) => 216 - (190 * (Math.max(power, lowest) - lowest)) / (highest - lowest);
    const small = "font-size:16px;fill:var(--e-quiet)", parts = [];
    const apart = highest - lowest > 5 ? 2 : 1;
    for (let power = lowest; power <= highest; power += apart) {
      const text = power < 0 ? String(10 ** power) : (10 ** power).toLocaleString("en");
      parts.push(make.svg("line", { x1: 70, x2: 310, y1: y(power), y2: y(power), style: "stroke:var(--e-line)" }),
        make.svg("text", { x: 64, y: y(power) + 5, "text-anchor": "end", style: small, text }));
    }
    parts.push(make.svg("line", { x1: 70, x2: 310, y1: y(guessing), y2: y(guessing), style: "stroke:var(--e-quiet);stroke-width:1.5;stroke-dasharray:5 4" }));
    for (const step of [0, last / 2, last]) parts.push(make.svg("text", { x: x(step), y: 237, "text-anchor": "middle", style: small, text: String(step) }));
    parts.push(make.svg("text", { x: 190, y: 257, "text-anchor": "middle", style: small, text: "steps" }));
    const ends = [[train, "training", "var(--e-vit)", ""], [val, "validation", "var(--e-cnn)", "7 3"]];
    const at = ends.map(([curve]) => y(curve[curve.length - 1]) + 5);
    if (Math.abs(at[0] - at[1]) < 19) {
      const middle = (at[0] + at[1]) / 2, upper = at[1] <= at[0] ? 1 : 0;
      at[upper] = middle - 10;
      at[1 - upper] = middle + 10;
    }
    ends.forEach(([curve, name, colour, dashes], k) => {
      const points = curve.map((power, i) => `${x(steps[i]).toFixed(1)},${y(power).toFixed(1)}`).join(" ");
      parts.push(make.svg("polyline", { points, style: `fill:none;stroke:${colour};stroke-width:2.5;stroke-dasharray:${dashes}` }),
        make.svg("text", { x: 318, y: at[k], style: `font-size:17px;font-weight:600;fill:${colour}`, text: name }));
    });
    const title = now.named ? `${now.shown.disease}, ${now.shown.dose}` : `Patient ${now.place + 1}`;
    parts.push(make.svg("text", { x: 70, y: 15, style: "font-size:17px;font-weight:600", text: title }));
    svg.replaceChildren(...parts);
    svg.setAttribute("aria-label", `Training and validation loss against steps. ${title}.`);
  }
  next(0);
  return () => el.replaceChildren();
}
export default { render };
