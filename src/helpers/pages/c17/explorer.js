// A square before a face, and the nearest people that each network finds.

function render({ model, el }) {
  const { person, states, rows, names, recipes, side, probe, seen, faces, count } = model.get("data");
  const nameOf = Object.fromEntries(names);
  const sizes = [...new Set(states.map(([size]) => size))];
  const now = { size: sizes[sizes.length - 1], down: 2, right: 2, recipe: recipes[0][0] };
  const { body, say } = frame(el, { name: "square", title: "Hide a part of a face",
    hint: "Left: the probe. Right: the three enrolled people that each network finds nearest, with their scores; a frame marks the right one." });
  const set = (key, change = (value) => value) => (value) => { now[key] = change(value); draw(); };
  const fifth = (at) => ["first", "second", "third", "fourth", "fifth"][at] + " of 5";
  body.append(make("div", { class: "explorer-controls" },
    slider({ label: "size of the square", min: 0, max: sizes.length - 1, step: 1, value: sizes.length - 1,
      show: (at) => `${sizes[at]} px`, onchange: set("size", (at) => sizes[at]) }),
    slider({ label: "place, from the left", min: 0, max: 4, step: 1, value: 2, show: fifth, onchange: set("right") }),
    slider({ label: "place, from the top", min: 0, max: 4, step: 1, value: 2, show: fifth, onchange: set("down") }),
    choice({ label: "trained on", options: recipes, value: now.recipe, onchange: set("recipe") })));
  const shown = make("div", { class: "square-shown" });
  body.append(shown);

  const picture = (src, label, [size, top, left] = [0, 0, 0], right = false) => make("div", { class: right ? "square-pic square-right" : "square-pic" },
    make("img", { src, alt: label, width: side, height: side }),
    size ? make("span", { class: "square-hole", "aria-hidden": "true",
      style: `left:${100 * left / side}%;top:${100 * top / side}%;width:${100 * size / side}%;height:${100 * size / side}%` }) : null);

  function draw() {
    const at = now.size === 0 ? 0 : 1 + 25 * (sizes.indexOf(now.size) - 1) + 5 * now.down + now.right;
    const [size, top, left] = states[at];
    const own = rows.filter((row) => row.recipe === now.recipe);
    const parts = own.map((row) => {
      const three = row.nearest.slice(count * at, count * at + count);
      const score = row.own[at].toFixed(2), place = row.place[at];
      return { text: `${nameOf[row.network]}: ${place === 1 ? "right" : `place ${place}`}, score ${score}`,
        node: make("div", { class: "square-row" }, make("strong", { text: nameOf[row.network] }),
          ...three.map(([who, value]) => make("figure", {},
            picture(faces[seen.indexOf(who)], `person ${who}${who === person ? ", the right one" : ""}`, undefined, who === person),
            make("figcaption", { text: value.toFixed(2) })))) };
    });
    shown.replaceChildren(
      make("div", { class: "square-probe" }, picture(probe, "the probe, partly hidden", states[at])),
      make("div", { class: "square-found" }, ...parts.map((part) => part.node)));
    const where = size === 0 ? "Nothing is hidden" : `A square of ${size} pixels, ${top} from the top, ${left} from the left`;
    say(`${where}. ${parts.map((part) => part.text).join("; ")}`);
  }
  draw();
  return () => el.replaceChildren();
}
export default { render };
