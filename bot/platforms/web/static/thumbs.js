// What a person thinks of an answer: two thumbs, what was kept of it, and what would have been right.

import { make, randomId } from "./dom.js";

const SHAPE = "M7 11v9H3.5v-9zM7 11l4.2-7.6A2.4 2.4 0 0 1 13.6 5.8V9h5a2 2 0 0 1 2 2.4l-1.3 7a2 2 0 0 1-2 1.6H7";
const SVG = "http://www.w3.org/2000/svg";

/** A press as the server takes it; the same again takes it back. */
export function newPress(choice, correction = "") {
  return { press: randomId(), at: Date.now() / 1000, choice, correction };
}

/** The two buttons. `actions.press(entry, press)` sends one. */
export function drawThumbs(entry, words, actions) {
  return ["good", "bad"].map((verdict) => {
    const attributes = {
      "aria-label": words.say(verdict),
      "aria-pressed": String(shownVerdict(entry.opinion) === verdict),
      "data-keep": verdict,
    };
    const click = () => actions.press(entry, newPress(verdict));
    return make("button", { type: "button", className: `thumb ${verdict}`, title: words.say(verdict), attributes, on: { click } }, [thumb(verdict)]);
  });
}

/** What the person was told, and what they are asked; none before the first press. */
export function drawOpinion(entry, words, actions) {
  const { opinion } = entry;
  if (!opinion) return [];
  const parts = [];
  if (opinion.pending && !opinion.told) parts.push(make("p", { className: "small", text: words.say("keeping") }));
  if (opinion.told) parts.push(make("p", { className: opinion.failed ? "small trouble" : "small", text: words.of(opinion.told) }));
  if (opinion.asks) parts.push(drawAsked(entry, words, actions));
  return [make("div", { className: "opinion" }, parts)];
}

function drawAsked(entry, words, actions) {
  const { asks, right } = entry.opinion;
  const options = asks.options.map(({ value, name }) => {
    const attributes = { "aria-pressed": String(right === value), "data-keep": `right-${value}` };
    const click = () => actions.press(entry, newPress("correct", value));
    return make("button", { type: "button", className: "worded", text: words.of(name), attributes, on: { click } });
  });
  const question = words.of(asks.question);
  const choices = asks.kind === "answer" ? [drawField(entry, words, actions), ...options] : options;
  const group = make("div", { className: "choices", attributes: { role: "group", "aria-label": question } }, choices);
  return make("div", { className: "asked" }, [make("p", { className: "small", text: question }), group]);
}

function drawField(entry, words, actions) {
  const { right, typed } = entry.opinion;
  const field = make("input", {
    value: typed ?? right ?? "",
    required: true,
    autocomplete: "off",
    maxLength: 10_000,
    placeholder: words.say("rightAnswer"),
    attributes: { "aria-label": words.say("rightAnswer"), "data-keep": "field" },
  });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) actions.press(entry, newPress("correct", field.value));
  };
  return make("form", { on: { submit } }, [field, make("button", { className: "worded", text: words.say("send"), attributes: { "data-keep": "send" } })]);
}

/** The thumb that looks pressed: what was pressed a moment ago counts already. */
function shownVerdict(opinion) {
  const choice = opinion?.pending?.choice;
  if (!choice || choice === "correct") return opinion?.verdict ?? null;
  return choice === opinion.verdict ? null : choice;
}

function thumb(verdict) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", SHAPE);
  if (verdict === "bad") shape.setAttribute("transform", "matrix(1 0 0 -1 0 24)");
  picture.append(shape);
  return picture;
}
