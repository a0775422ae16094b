// The upper part of one reading: what was predicted, which tokens mattered to it, and what masking them did.

class Mattering {
  constructor(reading, page) {
    this.reading = reading;
    this.page = page;
    this.measure = ["attribution", "relevance", "rollout"].find((name) => reading.scores[name]) ?? null;
    this.element = make("article", { className: "sheet mattering" });
  }

  render() {
    this.element.replaceChildren(this.predicted(), this.about(), ...this.mattered(), ...this.tested());
  }

  predicted() {
    const { say } = this.page;
    const { prediction, task } = this.reading;
    if (!prediction) return make("p", { className: "predicted", text: say("predictsNothing") });
    return make("p", { className: "predicted" }, [
      make("span", { className: "small", text: say("tasks")[task] }),
      make("bdi", { className: "label", text: this.page.labelWords(prediction, task) }),
      make("span", { className: "probability", text: percentage(prediction.probability) }),
    ]);
  }

  about() {
    const { model, layers, heads, size, window, windows, partChosen } = this.reading;
    const { say } = this.page;
    const part = windows > 1 ? ` ${say(partChosen ? "partChosen" : "part", { window, last: windows - 1 })}` : "";
    return make("p", { className: "small", text: say("model", { model, layers, heads, tokens: size }) + part });
  }

  mattered() {
    if (!this.measure) return [];
    const { say } = this.page;
    const options = ["attribution", "relevance", "rollout"].filter((name) => this.reading.scores[name]).map((name) => [name, say(name)]);
    const choice = make("div", { className: "choice", attributes: { role: "radiogroup", "aria-label": say("measure") } });
    drawChoice(choice, options, this.measure, (name) => {
      this.measure = name;
      this.render();
      this.element.querySelector(".choice [aria-checked=true]").focus();
    });
    const title = make("h2", { text: say("mattered") });
    return [title, choice, this.strip(), make("p", { className: "small", text: this.meaning() })];
  }

  strip() {
    const values = this.reading.scores[this.measure];
    const largest = Math.max(1e-9, ...values.map((value) => Math.abs(value ?? 0)));
    const signedOnes = this.measure === "attribution";
    const chip = (index) => {
      const value = values[index];
      const number = value === null ? "–" : signedOnes ? signed(value, 3) : value.toFixed(3);
      const element = make("span", { className: "chip", attributes: { role: "listitem" } }, [
        make("bdi", { className: "piece", text: visible(this.reading.tokens[index].text) }),
        make("span", { className: "number", text: number }),
      ]);
      // Signed values are shaded in proportion: a root would make small contributions look large.
      const part = signedOnes ? Math.abs(value ?? 0) / largest : depth(value ?? 0, largest);
      shade(element, value < 0 ? "orange" : "blue", part * 0.8);
      return element;
    };
    const lines = drawText(this.reading, this.reading.shown(this.page.state.special), this.page.say, chip);
    return make("div", { className: "strip", lang: languageOf(this.reading), attributes: { role: "list", "aria-label": this.page.say(this.measure) } }, lines);
  }

  meaning() {
    const { say } = this.page;
    const { completenessError } = this.reading;
    const words = say(`${this.measure}Means`);
    if (this.measure !== "attribution" || completenessError === null) return words;
    return `${words} ${say("completenessError", { error: signed(completenessError, 3) })}`.trim();
  }

  /** The faithfulness numbers in a sentence, and what they say of the attention. */
  tested() {
    const { faithfulness, prediction } = this.reading;
    if (!prediction || !faithfulness.length) return [];
    const { say } = this.page;
    const parts = faithfulness.map(({ by, masked, probability, change }) =>
      fill(say("maskedBy")[by], { count: masked, after: percentage(probability), change: signed(change, 3) }),
    );
    const sentence = say("testMasked", { before: percentage(prediction.probability) }) + parts.join(say("testJoin")) + say("testEnd");
    const change = Object.fromEntries(faithfulness.map((effect) => [effect.by, effect.change]));
    const compared = "attention" in change && "random" in change;
    const tells = change.attention < Math.min(0, change.random) - this.page.noBetter ? "attentionTells" : "attentionTellsLittle";
    const verdict = make("b", { text: compared ? say(tells) : "" });
    return [make("p", { className: "tested" }, [make("span", { className: "small", text: say("test") }), ` ${sentence} `, verdict])];
  }
}
