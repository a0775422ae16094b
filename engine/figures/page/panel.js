// The lower part of one reading: the map that the controls name, what a token looks at, and all layers and heads to go to.

const LISTED = 8;
const MANY = 32; // tokens, from which on a map takes the whole width
const MARKS = { focused: "◆", distant: "↔", separator: "‖" };

class Panel {
  constructor(reading, page) {
    this.reading = reading;
    this.page = page;
    this.chosen = reading.chosen;
    this.hovered = null;
    this.heading = make("h3");
    this.strip = make("div", { className: "strip", lang: languageOf(reading), attributes: { role: "listbox" } });
    this.legend = make("p", { className: "small legend" });
    this.lists = make("div", { className: "lists" });
    this.figure = new MapFigure(this);
    this.navigator = new Navigator(this);
    const aside = make("div", { className: "aside" }, [this.lists, this.navigator.element]);
    this.body = make("div", { className: "body" }, [this.figure.element, aside]);
    this.element = make("article", { className: "sheet panel" }, [this.heading, this.strip, this.legend, this.body]);
    this.strip.addEventListener("keydown", (event) => this.moveOnStrip(event));
    this.strip.addEventListener("pointerleave", () => this.hover(null));
    this.strip.addEventListener("focusout", (event) => this.strip.contains(event.relatedTarget) || this.hover(null));
  }

  /** The tokens that are looked into: those pointed at, else those chosen, as far as they are shown. */
  get asked() {
    const shown = this.shown;
    return (this.hovered ?? this.chosen).filter((index) => shown.includes(index));
  }

  get shown() {
    return this.reading.shown(this.page.state.special);
  }

  get map() {
    return this.reading.map(this.page.state);
  }

  name(index) {
    return this.page.say("quote", { text: shortened(visible(this.reading.tokens[index].text)) });
  }

  askedName() {
    const pieces = this.asked.map((index) => visible(this.reading.tokens[index].text).replace(/^(##|▁)/, ""));
    return this.asked.length > 1 ? this.page.say("quote", { text: shortened(pieces.join("")) }) : this.name(this.asked[0]);
  }

  render() {
    this.heading.textContent = this.title();
    this.body.classList.toggle("many", this.shown.length > MANY && !this.figure.lines);
    this.drawStrip();
    this.figure.render();
    this.navigator.render();
    this.showAsked();
  }

  title() {
    const { view, layer, head } = this.page.state;
    const { reading } = this;
    const words = {
      head: ["shownHead", { layer: reading.layerOf(layer), head: reading.headOf(head) }],
      mean: ["shownMean", { layer: reading.layerOf(layer), heads: reading.heads }],
      rollout: ["shownRollout", {}],
      relevance: ["shownRelevance", {}],
    }[view];
    return this.page.say(...words) + (this.page.panels.length > 1 ? ` · ${reading.model}` : "");
  }

  drawStrip() {
    const { say, state } = this.page;
    const held = this.strip.contains(document.activeElement) ? this.focused : null;
    const chip = (index) =>
      make("button", {
        type: "button",
        className: "chip",
        tabIndex: -1,
        attributes: { role: "option", "aria-selected": this.chosen.includes(index), "data-token": index },
        on: {
          click: () => this.page.choose(this, index),
          pointerenter: (event) => this.pointed(event, index),
          focus: () => (this.focused = index),
        },
      }, [
        make("bdi", { className: "piece", text: visible(this.reading.tokens[index].text) }),
        make("span", { className: "number" }),
        make("span", { className: "under", attributes: { "aria-hidden": "true" } }),
      ]);
    this.strip.setAttribute("aria-label", say("choose"));
    this.strip.replaceChildren(...drawText(this.reading, this.reading.shown(state.special), say, chip));
    const first = this.chip(this.focused) ?? this.chip(this.chosen[0]) ?? this.strip.querySelector(".chip");
    if (first) first.tabIndex = 0;
    if (held !== null) this.chip(held)?.focus();
  }

  chip(index) {
    return this.strip.querySelector(`[data-token="${index}"]`);
  }

  moveOnStrip(event) {
    const chips = [...this.strip.querySelectorAll(".chip")];
    const at = chips.indexOf(event.target.closest(".chip"));
    const step = arrow(event.key);
    if (event.key === "Escape") this.page.choose(this, null);
    if (at < 0 || !(step || ["Home", "End"].includes(event.key))) return;
    event.preventDefault();
    const to = step ? at + step[0] + step[1] : event.key === "Home" ? 0 : chips.length - 1;
    const chip = chips[Math.min(chips.length - 1, Math.max(0, to))];
    chips[at].tabIndex = -1;
    chip.tabIndex = 0;
    chip.focus();
    this.hover([Number(chip.dataset.token)]);
  }

  /** A mouse asks about what it is over; a finger chooses. */
  pointed(event, index) {
    if (event.pointerType === "mouse") this.hover([index]);
  }

  hover(indices) {
    this.hovered = indices;
    this.showAsked();
    this.figure.showAsked();
  }

  /** Shade the strip, and list what the asked token looks at and what looks at it. */
  showAsked() {
    const { say, state } = this.page;
    const { reading, map, asked } = this;
    const looks = this.shown
      .filter((index) => asked.length && asked.every((one) => reading.allows(one, index, state.between)))
      .map((index) => ({ index, name: this.name(index), ...reading.looks(map, asked, index) }));
    this.shadeStrip(looks);
    this.legend.textContent = asked.length ? say("shades", { name: this.askedName() }) : say("chooseHint");
    this.lists.replaceChildren(...(asked.length ? this.listLooks(looks) : this.drawStrongest()));
  }

  shadeStrip(looks) {
    const found = new Map(looks.map((look) => [look.index, look]));
    const [at, by] = ["at", "by"].map((way) => Math.max(1, ...looks.map((look) => look[way])));
    for (const chip of this.strip.querySelectorAll(".chip")) {
      const look = found.get(Number(chip.dataset.token));
      chip.classList.toggle("asked", this.asked.includes(Number(chip.dataset.token)));
      chip.querySelector(".number").textContent = look ? share(look.at) : "";
      chip.querySelector(".under").style.width = look ? `${(100 * look.by) / by}%` : "0";
      if (look) shade(chip, "blue", depth(look.at, at) * 0.85);
      else chip.removeAttribute("style");
    }
  }

  listLooks(looks) {
    const name = this.askedName();
    const top = (way) => {
      const rows = looks.map((look) => ({ name: look.name, value: look[way] })).filter(({ value }) => value >= 0.5);
      return rows.sort((one, two) => two.value - one.value).slice(0, LISTED);
    };
    const { say } = this.page;
    return [
      this.list("looks-at", say("looksAt", { name }), drawBars(top("at"), "blue", say("nothing")), this.elsewhere()),
      this.list("looked-by", say("lookedBy", { name }), drawBars(top("by"), "orange", say("nothing"))),
    ];
  }

  /** What a row gives to tokens that are not shown; relevance has no such share, for its rows may be empty. */
  elsewhere() {
    const { view, between } = this.page.state;
    const given = this.shown.reduce((sum, index) => sum + this.reading.looks(this.map, this.asked, index).at, 0);
    const percent = Math.round((100 * (STEPS - given)) / STEPS);
    return view === "relevance" || between || percent < 2 ? "" : this.page.say("elsewhere", { percent });
  }

  drawStrongest() {
    const { say, state } = this.page;
    const pairs = this.reading.strongest(this.map, this.shown, state.between, LISTED);
    const rows = pairs.map(({ row, column, value }) => ({ name: say("pair", { from: this.name(row), to: this.name(column) }), value }));
    return [this.list("strongest", say("strongest"), drawBars(rows, "blue", say("nothing")))];
  }

  list(className, title, bars, note = "") {
    return make("section", { className: `list ${className}` }, [make("h4", { text: title }), bars, make("p", { className: "small", text: note })]);
  }
}
