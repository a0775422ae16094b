// Draws a Reply, block by block.

import { drawAttachment } from "./attachment.js";
import { languageOf, make } from "./dom.js";
import { drawMatrix, drawTable } from "./tables.js";
import { toneMark } from "./tones.js";

/** The elements of a Reply, all but its source; `showPicture(block)` opens a picture large. */
export function drawReply(reply, words, showPicture) {
  const parts = [make("h2", { className: `title tone-${reply.tone ?? "plain"}`, lang: languageOf(reply.title) }, [...toneMark(reply.tone, words), reply.title])];
  for (const block of reply.blocks) parts.push(DRAWN[block.kind](block, words, showPicture));
  for (const note of reply.notes) parts.push(drawNote(note, words));
  return parts;
}

/** A Reply as plain text, for the clipboard: tables with tabs between their cells. */
export function replyAsText(reply) {
  const blocks = reply.blocks.map((block) => WRITTEN[block.kind](block));
  return [reply.title, ...blocks, ...reply.notes, reply.source].filter(Boolean).join("\n\n");
}

/** A text with its spans marked. They count code points, as Python does; JavaScript's strings count UTF-16 units. */
export function drawHighlight(block) {
  const points = Array.from(block.text);
  const line = make("p", { className: "highlight text", lang: languageOf(block.text) });
  let position = 0;
  for (const span of block.spans) {
    line.append(points.slice(position, span.start).join(""));
    const label = span.label ? [make("span", { className: "label", text: span.label })] : [];
    line.append(make("mark", { className: `tone-${span.tone}` }, [points.slice(span.start, span.end).join(""), ...label]));
    position = span.end;
  }
  line.append(points.slice(position).join(""));
  return line;
}

function drawParagraph(block) {
  return make("p", { className: "text", text: block.text, lang: languageOf(block.text) });
}

function drawNote(note, words) {
  const mark = make("span", { className: "note-mark", text: words.say("note") });
  return make("p", { className: "note", lang: languageOf(note) }, [mark, make("span", { text: note })]);
}

function drawPicture(block, words, showPicture) {
  if (!block.data) return make("p", { className: "note", text: `${block.alt} — ${words.say("noPicture")}` });
  const image = make("img", { src: pictureAddress(block), alt: block.alt, width: block.width, height: block.height, decoding: "async" });
  const button = make("button", { type: "button", className: "picture", title: words.say("enlarge") }, [image]);
  button.setAttribute("aria-label", `${words.say("enlarge")}: ${block.alt}`);
  button.addEventListener("click", () => showPicture(block));
  return make("figure", {}, [button, make("figcaption", { className: "small", text: block.alt, lang: languageOf(block.alt) })]);
}

/** A picture's address: its bytes are in it. */
export function pictureAddress(block) {
  return `data:${block.media_type};base64,${block.data}`;
}

const DRAWN = { paragraph: drawParagraph, highlight: drawHighlight, table: drawTable, matrix: drawMatrix, picture: drawPicture, attachment: drawAttachment };

const rows = (lines) => lines.map((cells) => cells.join("\t")).join("\n");

const WRITTEN = {
  paragraph: (block) => block.text,
  highlight: (block) => block.text,
  picture: (block) => block.alt,
  attachment: (block) => block.title,
  table: (block) => {
    const head = block.columns.some((column) => column.title) ? [block.columns.map((column) => column.title)] : [];
    const body = rows([...head, ...block.rows.map((row) => row.map((cell) => cell.text))]);
    return block.title ? `${block.title}\n${body}` : body;
  },
  matrix: (block) => {
    const lines = block.values.map((values, i) => [block.row_labels[i], ...values.map((value) => value.toFixed(3))]);
    return rows([["", ...block.column_labels], ...lines]);
  },
};
