// Small pieces of the page: elements, choices, token chips and lists with bars. Texts of people only ever become text.

const NAMED = 24; // letters of a token in a sentence

function make(name, { text, on = {}, attributes = {}, ...properties } = {}, children = []) {
  const element = Object.assign(document.createElement(name), properties);
  if (text !== undefined) element.textContent = text;
  for (const [event, handler] of Object.entries(on)) element.addEventListener(event, handler);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** A token as it can be seen: white space and control characters are given a sign. */
function visible(text) {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "␣").replace(/^\s+|\s+$/gu, "␣") || "␣";
}

/** What of a long token stands in a sentence. */
function shortened(text) {
  const letters = [...text];
  return letters.length > NAMED ? `${letters.slice(0, NAMED - 1).join("")}…` : text;
}

/** The arrow keys as a step [down, right]; null for any other key. */
function arrow(key) {
  return { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key] ?? null;
}

/** Fill a radio group: `options` is [[value, words]]; the arrow keys move, and what is moved to is chosen. */
function drawChoice(group, options, chosen, onChoose) {
  const buttons = options.map(([value, text]) =>
    make("button", {
      type: "button",
      text,
      tabIndex: value === chosen ? 0 : -1,
      attributes: { role: "radio", "aria-checked": value === chosen, "data-value": value },
      on: { click: () => onChoose(value) },
    }),
  );
  group.onkeydown = (event) => {
    const step = arrow(event.key);
    if (!step) return;
    event.preventDefault();
    const at = options.findIndex(([value]) => value === chosen);
    onChoose(options[(at + step[0] + step[1] + options.length) % options.length][0]);
    group.querySelector("[aria-checked=true]").focus();
  };
  const focused = group.contains(document.activeElement);
  group.replaceChildren(...buttons);
  if (focused) group.querySelector("[aria-checked=true]")?.focus();
}

/** The tokens of a reading in lines of text, a pair's two texts apart; `chip(index)` makes each. */
function drawText(reading, shown, say, chip) {
  if (!reading.paired) return [make("div", { className: "line", attributes: { role: "presentation" } }, shown.map(chip))];
  const names = reading.task === "ask" ? ["question", "context"] : ["first", "second"];
  return names.map((name, second) => {
    const part = shown.filter((index) => index >= reading.secondFrom === Boolean(second));
    const head = make("span", { className: "segment", text: say(name), attributes: { "aria-hidden": "true" } });
    return make("div", { className: "line", attributes: { role: "presentation" } }, [head, ...part.map(chip)]);
  });
}

function languageOf(reading) {
  return reading.language === "mixed" ? "ja" : reading.language;
}

/** A list of names with bars and numbers: `rows` is [{ name, value }], values in thousandths. */
function drawBars(rows, colourName, nothing) {
  if (!rows.length) return make("p", { className: "small", text: nothing });
  const largest = Math.max(1, ...rows.map(({ value }) => value));
  const items = rows.map(({ name, value }) => {
    const bar = make("span", { className: `bar ${colourName}`, attributes: { "aria-hidden": "true" } });
    bar.style.width = `${(100 * value) / largest}%`;
    return make("li", {}, [
      make("bdi", { className: "name", text: name, title: name }),
      make("span", { className: "track" }, [bar]),
      make("span", { className: "number", text: share(value) }),
    ]);
  });
  return make("ol", { className: "bars" }, items);
}
