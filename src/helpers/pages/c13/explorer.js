// The lesson: logits of a teacher and a student on three classes, four lessons, the loss and its push on each logit.

const softmaxAt = (logits, temperature) => {
  const most = Math.max(...logits), powers = logits.map((z) => Math.exp((z - most) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};
const argmax = (values) => values.indexOf(Math.max(...values));
const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);

// As `lesson` of explorer.py: the loss, and its gradient with respect to the student's logits.
const lessonOf = ({ student, teacher, label, kind, temperature, weight, smoothing }) => {
  const p = softmaxAt(student, 1), y = p.map((_, k) => +(k === label));
  if (kind === "soft") {
    const pt = softmaxAt(student, temperature), qt = softmaxAt(teacher, temperature);
    const apart = temperature ** 2 * dot(qt, qt.map((q, k) => Math.log(q / pt[k])));
    return { loss: (1 - weight) * -Math.log(p[label]) + weight * apart,
      gradient: p.map((_, k) => (1 - weight) * (p[k] - y[k]) + weight * temperature * (pt[k] - qt[k])) };
  }
  let target = y;
  if (kind === "smoothed labels") target = y.map((v) => (1 - smoothing) * v + smoothing / 3);
  if (kind === "hard") target = y.map((v, k) => (v + (k === argmax(teacher))) / 2);
  return { loss: -dot(target, p.map(Math.log)), gradient: p.map((v, k) => v - target[k]) };
};
const signed = (value) => {
  const text = Math.abs(value).toFixed(2);
  return (value < 0 && text !== "0.00" ? "\u2212" : "+") + text;
};

function render({ model, el }) {
  const { classes, lessons, smoothing, ...first } = model.get("data");
  const now = { ...first, teacher: [...first.teacher], student: [...first.student], kind: "soft", smoothing };
  const { body, say } = frame(el, { name: "lesson", title: "Teach one image",
    hint: "Orange: the teacher. Green: the student. The arrow shows where the loss pushes the student's logit." });

  const numbers = classes.map((name, k) => [k, name]);
  const kind = choice({ label: "lesson", options: lessons.map((name) => [name, name]), value: now.kind, onchange: (value) => { now.kind = value; draw(); } });
  const label = choice({ label: "label", options: numbers, value: now.label, onchange: (value) => { now.label = +value; draw(); } });
  const set = (name) => (value) => { now[name] = value; draw(); };
  const temperature = slider({ label: "temperature τ", min: 0.5, max: 10, step: 0.5, value: now.temperature, show: (v) => v.toFixed(1), onchange: set("temperature") });
  const weight = slider({ label: "weight λ", min: 0, max: 1, step: 0.1, value: now.weight, show: (v) => v.toFixed(1), onchange: set("weight") });
  const logits = (who) => classes.map((name, k) => slider({ label: name, min: -2, max: 6, step: 0.5, value: now[who][k],
    show: (v) => v.toFixed(1), onchange: (value) => { now[who][k] = value; draw(); } }));
  const svg = make.svg("svg", { viewBox: "0 0 400 270", role: "img" });
  body.append(make("div", { class: "explorer-controls" }, kind, label, temperature, weight),
    make("div", { class: "lesson-both" }, make("div", { class: "lesson-picture" }, svg),
      make("div", { class: "lesson-logits" },
        make("div", { role: "group", "aria-label": "Logits of the teacher" }, make("p", { text: "the teacher's logits" }), ...logits("teacher")),
        make("div", { role: "group", "aria-label": "Logits of the student" }, make("p", { text: "the student's logits" }), ...logits("student")))));

  function draw() {
    const soft = now.kind === "soft", t = soft ? now.temperature : 1;
    const q = softmaxAt(now.teacher, t), p = softmaxAt(now.student, t), { loss, gradient } = lessonOf(now);
    const off = now.kind.includes("labels");
    temperature.querySelector("input").disabled = weight.querySelector("input").disabled = !soft;
    const parts = [make.svg("line", { x1: 20, x2: 390, y1: 210, y2: 210, style: "stroke:var(--e-quiet)" })];
    classes.forEach((name, k) => {
      const x = 30 + 122 * k, high = (share) => 170 * share, text = (at, y, words, style = "") => make.svg("text", { x: at, y, "text-anchor": "middle", style: `font-size:15px;${style}`, text: words });
      const bar = (at, share, colour, faint) => [make.svg("rect", { x: at, y: 210 - high(share), width: 38, height: high(share), style: `fill:${colour};opacity:${faint ? 0.25 : 0.85}` }),
        text(at + 19, 204 - high(share), share.toFixed(2))];
      parts.push(...bar(x, q[k], "var(--e-cnn)", off), ...bar(x + 44, p[k], "var(--lesson-student)", false), text(x + 41, 230, name, "font-weight:600"));
      if (k === now.label) parts.push(text(x + 41, 250, "the label", "fill:var(--e-quiet)"));
      const push = -gradient[k], length = Math.min(80, 60 * Math.abs(push)), tip = push > 0 ? 125 - length : 125 + length, way = push > 0 ? 1 : -1;
      if (length > 1) parts.push(make.svg("path", { d: `M${x + 100} 125V${tip}m-6 ${8 * way}l6 ${-8 * way}l6 ${8 * way}`, fill: "none", style: "stroke:var(--e-ink);stroke-width:2.5" }));
      parts.push(text(x + 100, push > 0 ? 143 : 117, signed(push), "font-size:13px"));
    });
    svg.replaceChildren(...parts);
    const moves = classes.map((name, k) => `${name} ${signed(-gradient[k])}`).join(", ");
    let told = `Lesson: ${now.kind}. Loss ${loss.toFixed(3)}. The logits are pushed by ${moves}`;
    if (now.kind === "hard") told += `. The label says ${classes[now.label]}, the teacher ${classes[argmax(now.teacher)]}`;
    if (soft) told += `. At this temperature the teacher says ${q.map((share) => share.toFixed(2)).join(", ")}`;
    svg.setAttribute("aria-label", `Bars of teacher and student for ${classes.join(", ")}, and arrows of the push. ${told}.`);
    say(told);
  }
  draw();
  return () => el.replaceChildren();
}
export default { render };
