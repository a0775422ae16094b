// The list of suggestions above the message box, steered from within it.

import { make } from "./dom.js";

export class Suggestions {
  constructor({ list, line, onAccept }) {
    Object.assign(this, { list, line, onAccept });
    this.found = null;
    this.index = 0;
    // mousedown, not click: the message box must keep the focus.
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const index = [...list.children].indexOf(event.target.closest("li"));
      if (index >= 0) this.accept(index);
    });
  }

  get open() {
    return this.found !== null;
  }

  get chosen() {
    return this.found.items[this.index];
  }

  /** Show what `suggest` found; null closes the list. */
  show(found) {
    this.found = found;
    this.list.hidden = !found;
    this.list.replaceChildren(...(found?.items ?? []).map(drawItem));
    if (found) {
      this.move(0, { from: 0 });
    } else {
      this.line.removeAttribute("aria-activedescendant");
    }
  }

  /** Choose the item `step` further on, around the ends. */
  move(step, { from = this.index } = {}) {
    const count = this.found.items.length;
    this.index = (from + step + count) % count;
    for (const [i, item] of [...this.list.children].entries()) item.setAttribute("aria-selected", String(i === this.index));
    const chosen = this.list.children[this.index];
    this.line.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  accept(index = this.index) {
    const { start } = this.found;
    const item = this.found.items[index];
    this.show(null);
    this.onAccept(start, item.insert);
  }
}

function drawItem(item, i) {
  const name = make("span", { className: "name" }, [make("b", { text: item.shown }), item.form ? ` ${item.form}` : ""]);
  return make("li", { id: `suggestion-${i}`, attributes: { role: "option" } }, [name, make("span", { className: "meaning", text: item.meaning })]);
}
