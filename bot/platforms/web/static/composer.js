// The message box: keys, completion, earlier messages, and the file that goes along.

import { suggest } from "./completion.js";
import { Suggestions } from "./suggestions.js";

const MEGABYTE = 1024 * 1024;

export class Composer {
  /** `onSend(line, file)`; `earlier()` gives the lines that were sent, oldest first. */
  constructor(root, { words, onSend, earlier }) {
    Object.assign(this, { words, onSend, earlier });
    this.commands = [];
    this.uploadLimit = Infinity;
    this.file = null;
    this.recalled = 0; // how many messages back
    const find = (id) => root.getElementById(id);
    this.line = find("line");
    this.trouble = find("trouble");
    this.attached = find("attached");
    this.picker = find("file");
    this.suggestions = new Suggestions({ list: find("suggestions"), line: this.line, onAccept: (start, text) => this.complete(start, text) });
    this.line.addEventListener("input", () => this.changed());
    this.line.addEventListener("keydown", (event) => this.press(event));
    this.line.addEventListener("blur", () => this.suggestions.show(null));
    find("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    find("attach").addEventListener("click", () => this.picker.click());
    this.picker.addEventListener("change", () => this.take([...this.picker.files]));
    this.attached.querySelector("button").addEventListener("click", () => {
      this.drop();
      this.line.focus();
    });
  }

  /** A line to send or to go on with. */
  write(text) {
    this.line.value = text;
    this.fit();
    this.line.focus({ preventScroll: true });
    this.line.setSelectionRange(text.length, text.length);
  }

  send() {
    const line = this.line.value.trim();
    this.suggestions.show(null);
    if (!line) {
      if (this.file) this.complain(this.words.say("needLine"));
      return;
    }
    this.onSend(line, this.file);
    this.line.value = "";
    this.recalled = 0;
    this.drop();
    this.complain("");
    this.fit();
  }

  /** Take the first of these files along. */
  take(files) {
    this.picker.value = "";
    const file = files[0];
    if (!file) return;
    if (file.size > this.uploadLimit) {
      const sizes = { size: (file.size / MEGABYTE).toFixed(1), limit: (this.uploadLimit / MEGABYTE).toFixed(1) };
      return this.complain(this.words.say("tooLarge", { name: file.name, ...sizes }));
    }
    this.file = file;
    this.attached.hidden = false;
    this.attached.firstElementChild.textContent = file.name;
    this.complain(files.length > 1 ? this.words.say("oneFile", { name: file.name }) : "");
    this.line.focus();
  }

  drop() {
    this.file = null;
    this.attached.hidden = true;
  }

  complain(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = !text;
  }

  changed() {
    this.recalled = 0;
    this.complain("");
    this.fit();
    this.look();
  }

  /** Look for suggestions at the cursor. */
  look() {
    const end = this.line.selectionEnd;
    this.suggestions.show(this.line.selectionStart === end ? suggest(this.line.value.slice(0, end), this.commands, this.words.speech) : null);
  }

  complete(start, text) {
    this.line.setRangeText(text, start, this.line.selectionEnd, "end");
    this.fit();
    this.look();
  }

  /** As high as its text. */
  fit() {
    this.line.style.height = "auto";
    this.line.style.height = `${this.line.scrollHeight + this.line.offsetHeight - this.line.clientHeight}px`;
  }

  press(event) {
    // While a Japanese input method converts, its keys are its own; 229 is what Safari says of the Enter that ends it.
    if (event.isComposing || event.keyCode === 229) return;
    const used = this.suggestions.open ? this.pressInList(event) : false;
    if (used || this.pressInLine(event)) event.preventDefault();
  }

  pressInList(event) {
    if (event.key === "ArrowDown") this.suggestions.move(1);
    else if (event.key === "ArrowUp") this.suggestions.move(-1);
    else if (event.key === "Escape") this.suggestions.show(null);
    else if (event.key === "Tab" && !event.shiftKey) this.suggestions.accept();
    else if (event.key === "Enter" && !event.shiftKey && !this.suggestions.chosen.whole) this.suggestions.accept();
    else return false;
    return true;
  }

  pressInLine(event) {
    if (event.key === "Enter" && !event.shiftKey) {
      this.send();
      return true;
    }
    if (event.key === "ArrowUp") return this.recall(1);
    if (event.key === "ArrowDown") return this.recall(-1);
    return false;
  }

  /** Earlier messages by arrow keys, from an empty box or from one that was recalled. */
  recall(step) {
    if (this.line.value && !this.recalled) return false;
    const lines = this.earlier();
    const next = this.recalled + step;
    if (next < 0 || next > lines.length) return false;
    this.write(next ? lines.at(-next) : "");
    this.recalled = next;
    return true;
  }
}
