// Ten sentences, ten guesses: a question at a time, its options as buttons, what was measured, and a count.

function render({ model, el }) {
  const { questions } = model.get("data");
  const guessed = questions.map(() => null);
  let at = 0;
  const { body, say } = frame(el, { name: "guesses", title: "Ten sentences, ten guesses",
    hint: "Choose before you read on. Every answer was counted or measured; the page says how." });
  const back = make("button", { type: "button", text: "Back", onclick: () => { at -= 1; draw(); } });
  const next = make("button", { type: "button", text: "Next", onclick: () => { at += 1; draw(); } });
  const number = make("p", { class: "guess-number" }), sentence = make("p", { class: "guess-sentence" });
  const asks = make("p", {}), options = make("div", { class: "explorer-controls", role: "group", "aria-label": "Your guess" });
  body.append(number, sentence, asks, options, make("div", { class: "explorer-controls" }, back, next));

  function draw(focus = false) {
    const { sentence: words, asks: question, options: choices, right, answer } = questions[at], mine = guessed[at];
    number.textContent = `${at + 1} of ${questions.length}`;
    sentence.textContent = `“${words}”`;
    asks.textContent = question;
    options.replaceChildren(...choices.map((choiceText, k) => make("button", { type: "button", "aria-pressed": String(k === mine),
      disabled: mine !== null && k !== mine && k !== right, text: mine !== null && k === right ? `${choiceText} ✓` : choiceText,
      onclick: () => { if (guessed[at] === null) { guessed[at] = k; draw(true); } } })));
    if (focus) options.children[guessed[at]].focus();
    back.disabled = at === 0;
    next.disabled = at === questions.length - 1;
    const done = guessed.filter((g) => g !== null).length, hits = guessed.filter((g, k) => g === questions[k].right).length;
    const verdict = mine === null ? "not guessed yet." : `${mine === right ? "right" : "otherwise"}. ${answer}`;
    say(`Sentence ${at + 1}: ${verdict} ${hits} of ${done} guessed rightly.`);
  }
  draw();
  return () => el.replaceChildren();
}
export default { render };
