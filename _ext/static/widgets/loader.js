// Runs the anywidgets of a page without a kernel: reads the widget state that MyST-NB embeds, imports each widget's ESM
// from that state, and renders it where its view stands. Classic script, so that it also loads over file://.
"use strict";
document.addEventListener("DOMContentLoaded", async () => {
  const stateTag = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
  if (!stateTag) return;
  const states = JSON.parse(stateTag.textContent).state;
  const modules = new Map();
  const styles = new Set();

  const importText = async (text) => {
    if (!modules.has(text)) {
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      modules.set(text, import(url).finally(() => URL.revokeObjectURL(url)));
    }
    return modules.get(text);
  };

  const bytes = (base64) => {
    const text = atob(base64);
    return new DataView(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
  };

  // The part of anywidget's model that works without a kernel: get, set, save_changes, on, off, send.
  const makeModel = ({ state, buffers = [] }) => {
    const values = structuredClone(state);
    for (const { path, data } of buffers) {
      const last = path.at(-1);
      path.slice(0, -1).reduce((at, key) => at[key], values)[last] = bytes(data);
    }
    const events = new EventTarget();
    const wrapped = new Map();
    return {
      get: (name) => values[name],
      set: (name, value) => {
        if (values[name] === value) return;
        values[name] = value;
        events.dispatchEvent(new CustomEvent(`change:${name}`, { detail: value }));
        events.dispatchEvent(new CustomEvent("change"));
      },
      save_changes: () => {},
      send: () => {},
      on: (name, handler) => {
        const listener = (event) => handler(event, event.detail);
        wrapped.set(handler, listener);
        events.addEventListener(name, listener);
      },
      off: (name, handler) => events.removeEventListener(name, wrapped.get(handler)),
      widget_manager: { get_model: async (id) => models.get(id) },
    };
  };

  const models = new Map(Object.entries(states).map(([id, entry]) => [id, makeModel(entry)]));
  for (const view of document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]')) {
    const id = JSON.parse(view.textContent).model_id;
    const entry = states[id];
    if (!entry || entry.model_module !== "anywidget") continue;
    const element = Object.assign(document.createElement("div"), { className: "course-widget" });
    view.after(element);
    try {
      const module = await importText(entry.state._esm);
      if (entry.state._css && !styles.has(entry.state._css)) {
        styles.add(entry.state._css);
        document.head.append(Object.assign(document.createElement("style"), { textContent: entry.state._css }));
      }
      const widget = typeof module.default === "function" ? await module.default() : (module.default ?? module);
      const model = models.get(id);
      await widget.initialize?.({ model });
      await widget.render?.({ model, el: element });
      element.dataset.ready = "true";
    } catch (error) {
      element.textContent = `This interactive figure could not start: ${error.message}`;
      console.error(error);
    }
  }
});
