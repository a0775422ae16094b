// What could be meant by what stands before the cursor: commands after "/", options after "--", values of an option.

const COMMAND = /^\s*[/／]([^\s/／]*)$/;
const OPTION = /(?:^|\s)(--|－－|ーー|——)([\w-]*)$/;
const VALUE = /(?:--|－－)([\w-]+)(?:\s*[=＝:：]\s*|\s+)([^\s]*)$/;
const NAME = /^\s*[/／]\s*([^\s:：]+)/;

/**
 * Suggestions for `before`, the text before the cursor: `{ start, typed, items }`, or null.
 *
 * `start` is where the text begins that a suggestion replaces. An item has `insert`, `shown`, `meaning`, and `whole`: whether
 * what is typed is it already, so that Enter sends rather than completes.
 */
export function suggest(before, commands, speech) {
  let found;
  if ((found = COMMAND.exec(before))) return listed(before, found[1], commandsLike(found[1], commands, speech), /[/／]/.exec(before).index);
  if ((found = OPTION.exec(before))) {
    const start = before.length - found[2].length - found[1].length;
    return listed(before, found[2], optionsLike(before.slice(0, start), found[2], commands, speech), start);
  }
  if ((found = VALUE.exec(before))) return listed(before, found[2], valuesLike(before, found[1], found[2], commands), before.length - found[2].length);
  return null;
}

/** The command that a line names, or undefined. */
export function commandOf(line, commands) {
  const name = NAME.exec(line)?.[1].normalize("NFKC").toLowerCase();
  return commands.find((command) => [command.name, ...command.aliases].includes(name));
}

function listed(before, typed, items, start) {
  return items.length ? { start, typed, items } : null;
}

function commandsLike(typed, commands, speech) {
  const wanted = typed.normalize("NFKC").toLowerCase();
  const items = [];
  for (const command of commands) {
    // An alias shows up once somebody types its beginning.
    const name = [command.name, ...command.aliases].find((known) => known.startsWith(wanted) && (wanted || known === command.name));
    if (!name) continue;
    const form = command.form[speech];
    const whole = name === wanted && command.takes === "nothing";
    items.push({ insert: `/${name} `, shown: `/${name}`, form, meaning: command.summary[speech], whole });
  }
  return items;
}

function optionsLike(before, typed, commands, speech) {
  const options = commandOf(before, commands)?.options ?? [];
  return options
    .filter((option) => option.name.startsWith(typed.toLowerCase()) && !new RegExp(`(?:--|－－)${option.name}(?![\\w-])`).test(before))
    .map((option) => {
      const whole = option.kind === "flag" && option.name === typed.toLowerCase(); // no value is missing
      return { insert: `--${option.name} `, shown: `--${option.name}`, form: valuesOf(option), meaning: option.meaning[speech], whole };
    });
}

function valuesLike(before, name, typed, commands) {
  const option = commandOf(before, commands)?.options.find((known) => known.name === name.toLowerCase());
  return (option?.choices ?? [])
    .filter((choice) => choice.startsWith(typed.toLowerCase()))
    .map((choice) => ({ insert: choice, shown: choice, form: "", meaning: "", whole: choice === typed }));
}

/** Which values an option takes, in short. */
function valuesOf(option) {
  if (option.choices.length) return option.choices.join(" | ");
  if (option.kind === "whole number") return option.at_most === null ? `${option.at_least}…` : `${option.at_least}…${option.at_most}`;
  return "";
}
