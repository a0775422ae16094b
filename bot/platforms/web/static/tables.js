// Draws tables, and matrices of similarities with every number shaded by its size.

import { languageOf, make } from "./dom.js";
import { toneMark } from "./tones.js";

const SHORT = 14; // characters that a cell shows in one line

/** A Table block. */
export function drawTable(block, words) {
  const table = make("table", { className: "cells" });
  if (block.title) table.append(make("caption", { text: block.title, lang: languageOf(block.title) }));
  if (block.columns.some((column) => column.title)) {
    const heads = block.columns.map((column) => make("th", { className: column.align, text: column.title, scope: "col", lang: languageOf(column.title) }));
    table.append(make("thead", {}, [make("tr", {}, heads)]));
  }
  const kinds = block.columns.map((_, i) => kindOf(block.rows.map((row) => row[i])));
  const lines = block.rows.map((row) => make("tr", {}, row.map((cell, i) => drawCell(cell, { row, kind: kinds[i], align: block.columns[i].align, words }))));
  table.append(make("tbody", {}, lines));
  return scrolled(table, block.title || words.say("table"));
}

/** A Matrix block: numbers from -1 to 1. */
export function drawMatrix(block, words) {
  const head = ["", ...block.column_labels].map((label) => make("th", { text: label, scope: "col", title: label }));
  const lines = block.values.map((values, i) => {
    const label = make("th", { text: block.row_labels[i], scope: "row", title: block.row_labels[i] });
    return make("tr", {}, [label, ...values.map(drawValue)]);
  });
  const table = make("table", { className: "matrix" }, [make("thead", {}, [make("tr", {}, head)]), make("tbody", {}, lines)]);
  return scrolled(table, words.say("matrix"));
}

function drawValue(value) {
  const cell = make("td", { className: value < 0 ? "below" : "above", text: value.toFixed(3) });
  cell.style.setProperty("--share", String(Math.min(1, Math.abs(value))));
  return cell;
}

function drawCell(cell, { row, kind, align, words }) {
  const element = make("td", { className: `${align} ${kind}`, lang: languageOf(cell.text) });
  if (kind === "barred") {
    const bar = make("span", { className: `bar tone-${cell.tone ?? "plain"}`, attributes: { "aria-hidden": "true" } });
    bar.style.setProperty("--share", String(shareIn(row)));
    element.append(bar);
  } else if (cell.tone) {
    element.append(make("span", { className: `toned tone-${cell.tone}` }, [...toneMark(cell.tone, words), cell.text]));
  } else {
    element.textContent = cell.text;
  }
  return element;
}

/** "barred" for a column of bars, "wide" for one whose text may wrap, else "short". */
function kindOf(cells) {
  if (cells.some((cell) => cell.text) && cells.every((cell) => /^█*$/.test(cell.text))) return "barred";
  return cells.some((cell) => cell.text.length > SHORT) ? "wide" : "short";
}

/** The percentage that a row tells, as 0..1: what its bar stands for, told more exactly than by blocks. */
function shareIn(row) {
  for (const cell of row) {
    const percent = /^>?(\d+(?:\.\d+)?)%$/.exec(cell.text);
    if (percent) return Number(percent[1]) / 100;
  }
  return 0;
}

/** Something wide that scrolls by itself, also by keyboard, so that the page never does. */
function scrolled(table, label) {
  return make("div", { className: "scrolled", tabIndex: 0, attributes: { role: "region", "aria-label": label } }, [table]);
}
