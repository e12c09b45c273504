/* Results of the search with excerpts that were written when the book was built (searchtexts.js): over file:// no page can
   be fetched. Sphinx finds the pages; here they are ordered, chapters first, one result a page, and shown. */
(() => {
  "use strict";
  const KINDS = [ // what a page is called, and how many points that is worth
    [/^chapters\/(claims|teaching)/, "page", 40],
    [/^chapters\//, "chapter", 60],
    [/^labs\//, "lab", 40],
    [/^glossary/, "glossary", 20],
    [/^api/, "package", 0],
  ];
  const CAP = 30, IN_TITLE = 12, LENGTH = 240, BEFORE = 90;
  const known = new Map((window.courseTexts ?? []).map(([page, title, parts]) => [page, { title, parts }]));
  const kind = (page) => KINDS.find(([name]) => name.test(page)) ?? [null, "page", 30];

  const pattern = (terms) =>
    new RegExp(`(?<![\\p{L}\\p{N}])(?:${terms.map((t) => _escapeRegExp(t)).join("|")})[\\p{L}\\p{N}]*`, "giu");
  const count = (text, words) => (words ? [...text.matchAll(words)].length : 0);

  const times = (text, phrase) => (phrase ? text.toLowerCase().split(phrase).length - 1 : 0);

  /* The section of a page that the query fits best: all of it together before single words, and headings before text. */
  const bestPart = (page, words, phrase, anchor) => {
    const parts = known.get(page)?.parts ?? [];
    const named = parts.find(([id]) => anchor === `#${id}`);
    if (named) return named;
    let best = parts[0] ?? null, most = 0;
    for (const [k, part] of parts.entries()) {
      const heading = k ? part[1] : ""; // the first is the page's own title
      const single = 10 * count(heading, words) + count(part[2], words);
      const score = single + 60 * times(heading, phrase) + 20 * times(part[2], phrase);
      if (score > most) [best, most] = [part, score];
    }
    return best;
  };

  const excerpt = (text, words, phrase) => {
    const whole = text.toLowerCase().indexOf(phrase);
    const first = whole < 0 ? text.search(words) : whole;
    let start = Math.max(first - BEFORE, 0);
    if (start > 0) start = text.indexOf(" ", start) + 1;
    let end = Math.min(start + LENGTH, text.length);
    if (end < text.length) end = text.lastIndexOf(" ", end);
    return `${start > 0 ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
  };

  const marked = (element, text, words) => {
    let done = 0;
    for (const found of text.matchAll(words)) {
      element.append(text.slice(done, found.index));
      element.appendChild(document.createElement("mark")).textContent = found[0];
      done = found.index + found[0].length;
    }
    element.append(text.slice(done));
  };

  const shown = ({ page, title, anchor, descr, part }, words, phrase) => {
    const item = document.createElement("li");
    const link = item.appendChild(document.createElement("a"));
    const name = part && part !== known.get(page)?.parts[0] ? `#${part[0]}` : anchor;
    link.href = page + DOCUMENTATION_OPTIONS.LINK_SUFFIX + name;
    link.textContent = part && name && part[1] !== title ? `${title} › ${part[1]}` : title;
    const what = item.appendChild(document.createElement("span"));
    what.className = "kind";
    what.textContent = descr ?? kind(page)[1];
    if (part?.[2]) {
      const line = item.appendChild(document.createElement("p"));
      line.className = "context";
      marked(line, excerpt(part[2], words, phrase), words);
    }
    return item;
  };

  const plain = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;

  Search.query = (query) => {
    const [asked, terms, excluded, highlight, objects] = Search._parseQuery(query);
    const words = terms.size + highlight.size ? pattern([...new Set([...highlight, ...terms])]) : null;
    const phrase = asked.toLowerCase().trim();
    const results = new Map();
    for (const [page, title, anchor, descr, score] of Search._performSearch(asked, terms, excluded, highlight, objects)) {
      const part = descr || !words ? null : bestPart(page, words, phrase, anchor);
      let often = 0;
      for (const [, head, text] of known.get(page)?.parts ?? [])
        often += count(`${head} ${text}`, words) + 9 * times(`${head} ${text}`, phrase);
      const titled = count(known.get(page)?.title ?? "", words) > 0;
      const points = kind(page)[2] + (titled ? IN_TITLE : 0) + Math.min(score, CAP) / 3 + 2 * Math.log2(1 + often);
      const key = descr ? page + anchor : page; // a page once, a thing of the package once
      if (!(results.get(key)?.points >= points))
        results.set(key, { page, title: descr ? title : known.get(page)?.title ?? plain(title), anchor, descr, part, points });
    }
    const order = [...results.values()].sort((a, b) => b.points - a.points || a.title.localeCompare(b.title));
    Search.output.append(...order.map((one) => shown(one, words, phrase)));
    _finishSearch(order.length);
  };
})();
