// Draws one entry of the conversation: what was asked, and its answer or how far it is.

import { languageOf, make } from "./dom.js";
import { drawReply, replyAsText } from "./reply.js";
import { drawOpinion, drawThumbs } from "./thumbs.js";

/** An entry waits while its answer may still come by itself. */
export function waits(entry) {
  return entry.state === "sending" || entry.state === "reading";
}

/**
 * The list item of an entry. `actions` has `cancel(entry)`, `retry(entry)`, `press(entry, press)` and `showPicture(block)`; `share`
 * (0..1) says how far the reading is, where that is known; `connected` whether the server can be reached; `thumbs` whether it takes
 * what people think of answers.
 */
export function drawEntry(entry, { words, actions, share, connected, thumbs }) {
  const item = make("li", { className: `entry ${entry.state}`, id: `entry-${entry.id}` });
  item.append(drawQuestion(entry, words));
  if (waits(entry)) item.append(drawWaiting(entry, { words, actions, share, connected }));
  else if (entry.state === "answered") item.append(drawAnswer(entry, words, actions, thumbs && entry.thumbs));
  else item.append(drawEnd(entry, words, actions));
  return item;
}

/** How long an entry has waited, for its clock. */
export function waited(entry, words) {
  return words.say("seconds", { n: Math.max(0, Math.floor((Date.now() - entry.at) / 1000)) });
}

function drawQuestion(entry, words) {
  const who = make("span", { className: "unseen", text: `${words.say("you")}: ` });
  const line = make("p", { className: "text" }, [who, make("span", { text: entry.line })]);
  const parts = entry.file ? [line, make("p", { className: "file", text: entry.file })] : [line];
  return make("div", { className: "question", lang: languageOf(entry.line) }, parts);
}

function drawWaiting(entry, { words, actions, share, connected }) {
  const key = entry.state === "reading" ? "reading" : connected ? "sending" : "waiting";
  const bar = make("progress", { max: 1, attributes: { "aria-label": words.say("reading") } });
  if (share !== undefined) bar.value = share;
  const cancel = make("button", { type: "button", className: "worded", text: words.say("cancel"), on: { click: () => actions.cancel(entry) } });
  const said = share === undefined ? words.say(key) : `${words.say(key)} ${Math.round(share * 100)}%`;
  const status = make("span", { className: "status", text: said });
  const clock = make("span", { className: "clock small", text: waited(entry, words) });
  return make("div", { className: "answer waiting", attributes: { "aria-busy": "true" } }, [bar, status, clock, cancel]);
}

function drawAnswer(entry, words, actions, thumbs) {
  const copy = make("button", { type: "button", className: "worded", text: words.say("copy") });
  copy.addEventListener("click", async () => {
    copy.textContent = words.say((await copied(replyAsText(entry.reply))) ? "copied" : "notCopied");
  });
  const { source } = entry.reply;
  const time = words.say("seconds", { n: entry.seconds < 0.1 ? Math.max(0.01, entry.seconds).toFixed(2) : entry.seconds.toFixed(1) });
  const foot = [
    make("span", { className: "small source", text: source, lang: languageOf(source) }),
    make("span", { className: "small clock", text: time }),
    ...(thumbs ? drawThumbs(entry, words, actions) : []),
    copy,
  ];
  if (entry.reply.failed) foot.push(retryButton(entry, words, actions));
  const parts = drawReply(entry.reply, words, actions.showPicture);
  return make("article", { className: `answer${entry.reply.failed ? " failed" : ""}` }, [...parts, make("footer", {}, foot), ...(thumbs ? drawOpinion(entry, words, actions) : [])]);
}

function drawEnd(entry, words, actions) {
  const said = make("span", { className: "status", text: entry.trouble ?? words.say(entry.state) });
  return make("div", { className: "answer ended" }, [said, retryButton(entry, words, actions)]);
}

function retryButton(entry, words, actions) {
  return make("button", { type: "button", className: "worded retry", text: words.say("retry"), on: { click: () => actions.retry(entry) } });
}

/** Whether a text is on the clipboard now; pages without TLS must take the old way. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { className: "unseen", value: text });
    document.body.append(area);
    const before = document.activeElement;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    return done;
  }
}
