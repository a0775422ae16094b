// The page as a whole: what the controls say, and one or two readings drawn by it.

class Explorer {
  constructor(data) {
    const readings = data.readings.map((reading) => new Reading(reading));
    const { layer, head } = data.start;
    this.state = { speech: data.speech, view: head === null ? "mean" : "head", layer, head: head ?? 0, shape: "table", special: true, between: false };
    this.noBetter = data.noBetter;
    this.say = (key, values) => this.words(key, values);
    this.readings = readings;
    this.panels = readings.map((reading) => new Panel(reading, this));
    this.mattering = readings.map((reading) => new Mattering(reading, this));
  }

  start() {
    this.at("panels").append(...this.panels.map((panel) => panel.element));
    this.at("mattering").append(...this.mattering.map((part) => part.element));
    for (const place of document.querySelectorAll(".beside")) place.classList.toggle("two", this.readings.length > 1);
    this.at("layer").max = Math.max(...this.readings.map(({ layers }) => layers)) - 1;
    this.at("head").max = Math.max(...this.readings.map(({ heads }) => heads)) - 1;
    this.at("between-label").hidden = !this.readings.some(({ paired }) => paired);
    this.at("special-label").hidden = !this.readings.some(({ tokens }) => tokens.some(({ special }) => special));
    this.listen();
    this.render();
  }

  listen() {
    this.at("speech").addEventListener("click", () => this.change({ speech: this.state.speech === "ja" ? "en" : "ja" }));
    this.at("controls").addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["layer", "head"]) this.at(name).addEventListener("input", (event) => this.change({ [name]: Number(event.target.value) }));
    for (const name of ["special", "between"]) this.at(name).addEventListener("change", (event) => this.change({ [name]: event.target.checked }));
    darkness.addEventListener("change", () => this.render());
  }

  at(id) {
    return document.getElementById(id);
  }

  /** The words of the page's language: a filled sentence, or what else the table holds. */
  words(key, values) {
    const found = WORDS[this.state.speech][key];
    return typeof found === "string" ? fill(found, values) : found;
  }

  /** A prediction in words: a feeling, a name with its kind, or an answer. */
  labelWords({ label, text }, task) {
    if (task === "ask") return label.trim() || this.say("noAnswer");
    const known = this.say("labels");
    const words = Object.hasOwn(known, label) ? known[label] : label;
    return text === null ? words : `${this.say("quote", { text: shortened(visible(text)) })} ${words}`;
  }

  change(part) {
    Object.assign(this.state, part);
    this.render();
  }

  /** Choose a token, or let it go when it was the one chosen; panels of the same tokens follow. */
  choose(panel, index, { keep = false } = {}) {
    const texts = (one) => JSON.stringify(one.reading.tokens.map(({ text }) => text));
    const again = panel.chosen.length === 1 && panel.chosen[0] === index && !keep;
    for (const one of this.panels.filter((other) => texts(other) === texts(panel))) {
      one.chosen = index === null || again ? [] : [index];
      one.hovered = null;
      one.render();
    }
  }

  render() {
    this.renderWords();
    this.renderControls();
    for (const part of [...this.mattering, ...this.panels]) part.render();
  }

  renderWords() {
    document.documentElement.lang = this.state.speech;
    for (const element of document.querySelectorAll("[data-say]")) element.textContent = this.say(element.dataset.say);
    for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", this.say(element.dataset.label));
    const speech = this.at("speech");
    speech.textContent = this.say("otherSpeech");
    speech.setAttribute("aria-label", this.say("speech"));
    speech.lang = this.state.speech === "ja" ? "en" : "ja";
    this.at("guide").replaceChildren(...this.say("guideLines").map((text) => make("li", { text })));
  }

  renderControls() {
    const { view, layer, head, shape, special, between } = this.state;
    const views = ["head", "mean", "rollout", "relevance"].filter((name) => name !== "relevance" || this.readings.every(({ relevance }) => relevance));
    const named = (names, words) => names.map((name) => [name, words[name]]);
    drawChoice(this.at("view"), named(views, this.say("views")), view, (value) => this.change({ view: value }));
    drawChoice(this.at("shape"), named(["table", "lines"], this.say("shapes")), shape, (value) => this.change({ shape: value }));
    this.slider("layer", layer, view === "head" || view === "mean", this.say("all"));
    this.slider("head", head, view === "head", this.say(view === "mean" ? "mean" : "all"));
    this.at("special").checked = special;
    this.at("between").checked = between;
  }

  slider(name, value, used, otherwise) {
    const slider = this.at(name);
    slider.value = String(value);
    slider.disabled = !used;
    this.at(`${name}-now`).textContent = used ? `${value} / 0–${slider.max}` : otherwise;
  }
}

new Explorer(JSON.parse(document.getElementById("data").textContent)).start();
