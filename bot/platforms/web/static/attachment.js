// Draws a page that came with an answer: closed at first, opened in place, where it runs in a room without access to anything here.

import { languageOf, make } from "./dom.js";

const ROOM = "/static/room.html";

/** An Attachment block: a button that opens it in place and closes it again, and a link to keep it. */
export function drawAttachment(block, words) {
  const title = make("span", { className: "small", text: block.title, lang: languageOf(block.title) });
  if (!block.data) return make("p", { className: "note", text: `${block.title} — ${words.say("noPage")}` });
  const button = make("button", { type: "button", className: "worded", text: words.say("open"), attributes: { "aria-expanded": "false" } });
  button.setAttribute("aria-label", `${words.say("open")}: ${block.title}`);
  const save = make("a", { className: "worded", text: words.say("savePage"), href: `data:${block.media_type};base64,${block.data}`, download: block.name });
  const drawn = make("section", { className: "attachment" }, [make("div", { className: "bar-of-attachment" }, [title, button, save])]);
  button.addEventListener("click", () => toggle(drawn, button, block, words));
  return drawn;
}

function toggle(drawn, button, block, words) {
  const shown = drawn.querySelector("iframe");
  if (shown) shown.remove();
  else drawn.append(drawRoom(block));
  const word = words.say(shown ? "open" : "close");
  button.textContent = word;
  button.setAttribute("aria-label", `${word}: ${block.title}`);
  button.setAttribute("aria-expanded", String(!shown));
}

/** The page, in a frame that may run scripts and nothing else; it has no origin, so it is addressed as anybody. */
function drawRoom(block) {
  const frame = make("iframe", { title: block.title, src: ROOM, attributes: { sandbox: "allow-scripts", referrerpolicy: "no-referrer" } });
  frame.addEventListener("load", () => frame.contentWindow.postMessage(textOf(block.data), "*"), { once: true });
  return frame;
}

function textOf(data) {
  return new TextDecoder().decode(Uint8Array.from(atob(data), (character) => character.charCodeAt(0)));
}
