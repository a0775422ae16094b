// The empty page: an example of each command that reads something, in the person's language first, each one press away.

import { languageOf, make } from "./dom.js";

const SHOWN = ["sentiment", "ner", "ask", "similar", "explain-attention", "fill-mask", "tokens"];
const IN_THE_OTHER = ["sentiment", "ask"];

/** Fill the list of examples; `onChoose(line)`. */
export function drawExamples(list, commands, speech, onChoose) {
  const other = speech === "ja" ? "en" : "ja";
  const named = (names) => names.map((name) => commands.find((command) => command.name === name)).filter(Boolean);
  const items = [...named(SHOWN).map((command) => [command, speech]), ...named(IN_THE_OTHER).map((command) => [command, other])];
  list.replaceChildren(...items.map(([command, language]) => drawExample(command, language, onChoose)));
}

function drawExample(command, speech, onChoose) {
  const text = command.example[speech];
  const name = make("span", { className: "name" }, [make("b", { text: `/${command.name}` }), ` ${command.summary[speech]}`]);
  const button = make("button", { type: "button", lang: languageOf(text) ?? "en", on: { click: () => onChoose(`/${command.name} ${text}`) } });
  button.append(name, make("span", { className: "example", text }));
  return make("li", {}, [button]);
}
