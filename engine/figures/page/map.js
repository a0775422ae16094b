// The large map of a panel: a table of cells with its readout, or two columns with lines.

const NARROWEST_PX = 15;
const WIDEST_PX = 46;
const LABEL_PX = 92; // room for the names of rows, less where all is narrow
const NARROW_LABEL_PX = 72;
const NARROW_PX = 480;

class MapFigure {
  constructor(panel) {
    this.panel = panel;
    this.hint = make("p", { className: "small" });
    this.canvas = make("canvas", { tabIndex: 0 });
    this.holder = make("div", { className: "holder" });
    this.readout = make("p", { className: "readout", attributes: { role: "status" } });
    this.scale = make("div", { className: "scale", attributes: { role: "img" } });
    this.element = make("div", { className: "figure" }, [this.hint, this.holder, this.readout, this.scale]);
    this.cursor = null;
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.put(null));
    this.canvas.addEventListener("click", (event) => this.point(event, true));
    this.canvas.addEventListener("keydown", (event) => this.move(event));
    new ResizeObserver(() => this.resized()).observe(this.element);
  }

  get lines() {
    return this.panel.page.state.shape === "lines";
  }

  resized() {
    if (this.element.clientWidth !== this.width && this.panel.element.isConnected) this.render();
  }

  render() {
    const { say, state } = this.panel.page;
    this.width = this.element.clientWidth;
    this.label = this.width < NARROW_PX ? NARROW_LABEL_PX : LABEL_PX;
    this.shown = this.panel.shown;
    this.hint.textContent = say(this.lines ? "linesHint" : "tableHint");
    const focused = document.activeElement === this.canvas;
    this.canvas.setAttribute("role", this.lines ? "img" : "application");
    this.canvas.setAttribute("aria-label", `${say(this.lines ? "lines" : "table")} ${this.panel.title()}`);
    this.canvas.tabIndex = this.lines ? -1 : 0;
    if (this.lines) this.drawLines(state);
    else this.drawTable(state);
    if (focused) this.canvas.focus({ preventScroll: true });
    this.scale.hidden = this.lines; // lines say it by their width
    this.drawScale(state);
    this.put(this.cursor && this.shown.includes(this.cursor[0]) && this.shown.includes(this.cursor[1]) ? this.cursor : null);
  }

  /** The names of the tokens; `asks`: pointing at one asks about it. */
  labels(className, asks) {
    const { reading, page } = this.panel;
    return this.shown.map((index) =>
      make("bdi", {
        className: `label ${className}`,
        text: visible(reading.tokens[index].text),
        title: visible(reading.tokens[index].text),
        lang: languageOf(reading),
        attributes: { "data-token": index },
        on: asks ? { click: () => page.choose(this.panel, index), pointerenter: (event) => this.panel.pointed(event, index) } : {},
      }),
    );
  }

  drawTable(state) {
    const room = (this.width - this.label) / Math.max(1, this.shown.length);
    this.cell = Math.floor(Math.min(WIDEST_PX, Math.max(NARROWEST_PX, room)));
    drawTable(this.canvas, this.panel.reading, this.panel.map, { shown: this.shown, between: state.between, cell: this.cell });
    const across = make("div", { className: "across" }, this.labels("column"));
    const down = make("div", { className: "down" }, this.labels("row", true));
    const table = make("div", { className: "table" }, [make("span", { className: "corner" }), across, down, this.canvas]);
    table.style.setProperty("--cell", `${this.cell}px`);
    table.style.setProperty("--label", `${this.label}px`);
    this.fill(table);
    this.markSecond();
  }

  /** A line before the second text of a pair. */
  markSecond() {
    const { reading } = this.panel;
    if (!reading.paired) return;
    for (const label of this.holder.querySelectorAll(".label")) {
      const index = Number(label.dataset.token);
      label.classList.toggle("second", index === this.shown.find((one) => one >= reading.secondFrom));
    }
  }

  drawLines(state) {
    const middle = Math.max(60, Math.min(420, this.width - 2 * this.label - 16));
    const left = make("div", { className: "side left" }, this.labels("row", true));
    const right = make("div", { className: "side right" }, this.labels("column", true));
    const lines = make("div", { className: "lines", on: { pointerleave: () => this.panel.hover(null) } }, [left, this.canvas, right]);
    lines.style.setProperty("--row", `${ROW_PX}px`);
    this.fill(lines);
    this.drawLooks(state, middle);
    this.markSecond();
  }

  /** Put a drawing in place, scrolled to where the last one was. */
  fill(drawing) {
    const { scrollLeft, scrollTop } = this.holder;
    this.holder.replaceChildren(drawing);
    this.holder.scrollTo(scrollLeft, scrollTop);
  }

  showAsked() {
    const { state } = this.panel.page;
    const { asked } = this.panel;
    for (const label of this.holder.querySelectorAll(".label")) label.classList.toggle("asked", asked.includes(Number(label.dataset.token)));
    if (!this.lines) return;
    this.drawLooks(state, this.canvas.clientWidth);
  }

  drawLooks(state, width) {
    const { reading, map, asked } = this.panel;
    drawLooks(this.canvas, reading, map, { shown: this.shown, between: state.between, chosen: asked, width });
  }

  drawScale(state) {
    const largest = this.panel.reading.largest(this.panel.map, this.shown, state.between);
    const stops = [0, 0.25, 0.5, 0.75, 1].map((part) => css(colour("blue", part)));
    const ramp = make("span", { className: "ramp" });
    ramp.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const numbers = [0, largest / 4, largest].map((value) => make("span", { text: share(value) }));
    this.scale.setAttribute("aria-label", `${this.panel.page.say("scale")}: 0–${share(largest)}`);
    this.scale.replaceChildren(ramp, make("span", { className: "ends" }, numbers));
  }

  point(event, choose = false) {
    if (this.lines) return;
    const box = this.canvas.getBoundingClientRect();
    const at = (offset) => this.shown[Math.min(this.shown.length - 1, Math.max(0, Math.floor(offset / this.cell)))];
    const cursor = [at(event.clientY - box.top), at(event.clientX - box.left)];
    this.put(cursor);
    if (choose) this.panel.page.choose(this.panel, cursor[0], { keep: true });
  }

  move(event) {
    const step = arrow(event.key);
    if (this.lines || !this.shown.length) return;
    if (event.key === "Enter" && this.cursor) this.panel.page.choose(this.panel, this.cursor[0]);
    if (!step) return;
    event.preventDefault();
    const places = this.cursor ? this.cursor.map((index) => this.shown.indexOf(index)) : [0, 0];
    const moved = this.cursor ? places.map((place, axis) => Math.min(this.shown.length - 1, Math.max(0, place + step[axis]))) : places;
    this.put(moved.map((place) => this.shown[place]));
  }

  /** Say the value of one cell, and mark its row and column. */
  put(cursor) {
    this.cursor = cursor;
    const { page, reading, map } = this.panel;
    for (const label of this.holder.querySelectorAll(".label")) {
      label.classList.toggle("pointed", cursor !== null && !this.lines && Number(label.dataset.token) === cursor[label.classList.contains("row") ? 0 : 1]);
    }
    const seen = cursor && !this.lines && reading.allows(cursor[0], cursor[1], page.state.between);
    const words = () => page.say("pair", { from: this.panel.name(cursor[0]), to: this.panel.name(cursor[1]) });
    this.readout.textContent = seen ? `${words()}  ${share(map[cursor[0] * reading.size + cursor[1]])}` : "";
  }
}
