// Forty days: the distance of each day from the reference over the threshold, alarms, and on demand the hidden accuracy.

function render({ model, el }) {
  const { kinds, sizes, watches, distances, accuracy, calm, rule, ...first } = model.get("data");
  const now = { kind: first.kind, size: first.size, watch: first.watch, open: false };
  const { body, say } = frame(el, { name: "drift", title: "When does the alarm ring, and is it right?",
    hint: "From day 11 on ever more of a day's pictures are of the changed kind; on day 40 all are. No label is seen; two days in a row above the line ring the alarm. Decide whether you would act, then look." });
  const picture = make("div"), pick = (key) => (value) => { now[key] = Number(value); draw(); };
  const listed = (names) => names.map((name, k) => [k, name]);
  body.append(make("div", { class: "explorer-controls" },
    choice({ label: "what changes", options: listed(kinds), value: now.kind, onchange: pick("kind") }),
    choice({ label: "pictures a day", options: listed(sizes), value: now.size, onchange: pick("size") }),
    choice({ label: "watched", options: listed(watches), value: now.watch, onchange: pick("watch") }),
    toggle({ label: "show the hidden accuracy", checked: false, onchange: (open) => { now.open = open; draw(); } })), picture);
  let narrow = false;

  function draw() {
    const values = distances[now.kind][now.size][now.watch], truth = accuracy[now.kind], days = values.length;
    const wide = narrow ? 340 : 640, high = 270, left = 40, right = wide - (narrow ? 40 : 62), top = 18, bottom = high - 40;
    const most = Math.max(2.2, ...values) * 1.06, sx = (day) => left + ((day - 0.5) / days) * (right - left);
    const sy = (v) => bottom - (v / most) * (bottom - top), sa = (a) => bottom - a * (bottom - top);
    const early = values.slice(0, calm).filter((v) => v > 1).length, alarm = values.findIndex((_, k) => k >= calm + rule - 1 && values.slice(k - rule + 1, k + 1).every((v) => v > 1)) + 1;
    const text = (x, y, words, at = "middle", style = "") => make.svg("text", { x, y, "text-anchor": at, style, text: words });
    const line = (x1, y1, x2, y2, style) => make.svg("line", { x1, y1, x2, y2, style });
    const parts = [line(left, bottom, right, bottom, "stroke:var(--e-quiet)"), text((left + right) / 2, high - 4, "day")];
    for (const day of [1, 10, 20, 30, 40]) parts.push(text(sx(day), bottom + 18, String(day)));
    const step = most > 12 ? 5 : most > 5 ? 2 : 1;
    for (let v = step; v < most; v += step) parts.push(text(left - 6, sy(v) + 4, String(v), "end"));
    parts.push(line(sx(calm + 0.5), top, sx(calm + 0.5), bottom, "stroke:var(--e-quiet);stroke-dasharray:4 3"));
    parts.push(line(left, sy(1), right, sy(1), "stroke:var(--e-cnn)"), text(left + 4, sy(1) - 5, "threshold", "start", "fill:var(--e-cnn)"));
    if (alarm) parts.push(line(sx(alarm), top, sx(alarm), bottom, "stroke:var(--e-cnn);stroke-dasharray:2 3"));
    values.forEach((v, k) => {
      const loud = v > 1;
      parts.push(make.svg("circle", { cx: sx(k + 1).toFixed(1), cy: sy(v).toFixed(1), r: narrow ? 3 : 4,
        style: loud ? "fill:var(--e-cnn)" : "fill:none;stroke:var(--e-vit);stroke-width:2" }));
    });
    if (now.open) {
      const way = truth.map((a, k) => `${k ? "L" : "M"}${sx(k + 1).toFixed(1)} ${sa(a).toFixed(1)}`).join("");
      parts.push(make.svg("path", { d: way, fill: "none", style: "stroke:var(--e-ink);stroke-width:2.5" }));
      parts.push(text(right + 4, sa(truth[days - 1]) + 4, `${(100 * truth[days - 1]).toFixed(0)} %`, "start", "font-weight:600"));
    }
    let words = `${kinds[now.kind]}, ${sizes[now.size]} a day, ${watches[now.watch]}. Above the threshold on the ${calm} calm days: ${early}. ${alarm ? `Alarm on day ${alarm}. ` : "No alarm. "}`;
    const percent = (a) => `${(100 * a).toFixed(1)} %`;
    words += now.open ? `The truth: ${percent(truth[0])} right at first${alarm ? `, ${percent(truth[alarm - 1])} on the day of the alarm` : ""}, `
      + `${percent(truth[days - 1])} on day ${days}.` : "The accuracy is hidden, as it would be.";
    picture.replaceChildren(make.svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img",
      "aria-label": `Distance from the reference over its threshold, day by day. ${words}` }, ...parts));
    say(words);
  }
  const stop = drawnFor(body, (isNarrow) => { narrow = isNarrow; draw(); });
  return () => { stop(); el.replaceChildren(); };
}
export default { render };
