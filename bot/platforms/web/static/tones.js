// How a tone is told without colour: by a sign and, to screen readers, by a word.

import { make } from "./dom.js";

const SIGNS = { positive: "▲", neutral: "●", negative: "▼", trouble: "!" };

/** The sign of a tone as elements; none for a tone whose text says it. */
export function toneMark(tone, words) {
  if (!SIGNS[tone]) return [];
  const sign = make("span", { className: "sign", text: SIGNS[tone], attributes: { "aria-hidden": "true" } });
  return tone === "trouble" ? [sign, make("span", { className: "unseen", text: `${words.say("trouble")}: ` })] : [sign];
}
