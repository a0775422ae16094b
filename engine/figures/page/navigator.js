// All layers and heads of a reading as thumbnails to go to, with those that stand out marked and explained.

class Navigator {
  constructor(panel) {
    this.panel = panel;
    this.title = make("h4");
    this.hint = make("p", { className: "small" });
    this.grid = make("div", { className: "thumbs", attributes: { role: "radiogroup" } });
    this.telling = make("div", { className: "telling" });
    this.element = make("section", { className: "navigator" }, [this.title, this.grid, this.hint, this.telling]);
    this.grid.addEventListener("keydown", (event) => this.move(event));
    this.thumbs = this.drawGrid();
  }

  /** A row a layer: its heads, then their mean (head null). */
  drawGrid() {
    const { layers, heads } = this.panel.reading;
    this.grid.style.setProperty("--columns", String(heads + 1));
    const row = (layer) => [...Array(heads).keys(), null].map((head) => this.thumb(layer, head));
    const thumbs = [...Array(layers).keys()].flatMap(row);
    const number = (layer) => make("span", { className: "number", text: String(layer), attributes: { "aria-hidden": "true" } });
    this.grid.replaceChildren(...thumbs.flatMap(({ layer, head, button }) => (head === 0 ? [number(layer), button] : [button])));
    return thumbs;
  }

  thumb(layer, head) {
    const canvas = make("canvas", { attributes: { "aria-hidden": "true" } });
    const mark = make("span", { className: "mark", attributes: { "aria-hidden": "true" } });
    const marks = this.panel.reading.telling.filter((one) => one.layer === layer && one.head === head).map(({ kind }) => MARKS[kind]);
    mark.textContent = marks.join("");
    const className = `thumb${head === null ? " mean" : ""}${marks.length ? " marked" : ""}`;
    const attributes = { role: "radio", "data-layer": layer, "data-head": head ?? "mean" };
    const button = make("button", { type: "button", className, attributes, on: { click: () => this.go(layer, head) } }, [canvas, mark]);
    return { layer, head, canvas, button };
  }

  go(layer, head) {
    const { page } = this.panel;
    page.change(head === null ? { view: "mean", layer } : { view: "head", layer, head });
  }

  render() {
    const { say } = this.panel.page;
    this.title.textContent = say("navigator");
    this.hint.textContent = say("navigatorHint");
    this.grid.setAttribute("aria-label", say("navigator"));
    this.drawThumbs();
    const at = this.current();
    for (const [index, { layer, head, button }] of this.thumbs.entries()) {
      button.setAttribute("aria-checked", String(index === at));
      button.tabIndex = index === Math.max(0, at) ? 0 : -1;
      const words = head === null ? say("shownMean", { layer, heads: this.panel.reading.heads }) : say("shownHead", { layer, head });
      button.setAttribute("aria-label", words);
      button.title = words;
    }
    this.drawTelling();
  }

  /** Draw them again only where something else is shown in them. */
  drawThumbs() {
    const { reading, page, shown } = this.panel;
    const { special, between } = page.state;
    const drawn = JSON.stringify([special, between, darkness.matches]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    for (const { layer, head, canvas } of this.thumbs) {
      drawThumbnail(canvas, reading, reading.map({ view: head === null ? "mean" : "head", layer, head }), { shown, between });
    }
  }

  /** Which thumbnail is shown large; -1 where a map over all layers is. */
  current() {
    const { view, layer, head } = this.panel.page.state;
    const { reading } = this.panel;
    if (view !== "head" && view !== "mean") return -1;
    return reading.layerOf(layer) * (reading.heads + 1) + (view === "mean" ? reading.heads : reading.headOf(head));
  }

  move(event) {
    const step = arrow(event.key);
    const at = this.thumbs.findIndex(({ button }) => button === event.target.closest(".thumb"));
    if (!step || at < 0) return;
    event.preventDefault();
    const { layers, heads } = this.panel.reading;
    const within = (value, count) => Math.min(count - 1, Math.max(0, value));
    const row = within(Math.floor(at / (heads + 1)) + step[0], layers);
    const column = within((at % (heads + 1)) + step[1], heads + 1);
    const { layer, head, button } = this.thumbs[row * (heads + 1) + column];
    this.go(layer, head);
    button.focus();
  }

  drawTelling() {
    const { reading, page } = this.panel;
    const focused = [...this.telling.querySelectorAll("button")].indexOf(document.activeElement);
    const items = reading.telling.map(({ kind, layer, head, value }) => {
      const number = value.toFixed(2);
      const words = fill(page.say("tellingKinds")[kind], { value: number, percent: Math.round(value * 100) });
      const on = { click: () => this.go(layer, head) };
      const button = make("button", { type: "button", className: "worded", text: page.say("shownHead", { layer, head }), on });
      const mark = make("span", { className: "mark", text: MARKS[kind], attributes: { "aria-hidden": "true" } });
      return make("li", {}, [mark, make("div", {}, [button, ` ${words}`])]);
    });
    this.telling.replaceChildren(...(items.length ? [make("h4", { text: page.say("telling") }), make("ul", {}, items)] : []));
    this.telling.querySelectorAll("button")[focused]?.focus();
  }
}
