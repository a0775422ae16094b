// The conversation: sends lines, takes answers in, and keeps what is on the page in step with the store.

import { languageOf, randomId } from "./dom.js";
import { drawEntry, waited, waits } from "./entry.js";

const NEAR_THE_END_PX = 120;
const MOST_TRIES = 4; // for a message with a file
const MOST_TOLD = 200; // characters that are read out by themselves: all of an answer is on the page

export class Conversation {
  constructor(root, { store, words, showPicture, onChange }) {
    Object.assign(this, { store, words, onChange });
    this.list = root.getElementById("entries");
    this.told = root.getElementById("told");
    this.scroller = document.scrollingElement;
    this.shares = new Map(); // how far readings are
    this.files = new Map(); // files of this tab's messages, for sending them again
    this.tries = new Map(); // how often a file was sent: a server that does not take it ends the connection each time
    this.link = null;
    this.thumbs = true; // whether the server takes what people think of answers
    this.actions = {
      cancel: (entry) => this.cancel(entry),
      retry: (entry) => this.retry(entry),
      press: (entry, press) => this.press(entry, press),
      showPicture,
    };
    store.watch((id) => (id === null ? this.drawAll() : this.draw(store.get(id))));
    setInterval(() => this.tick(), 1000);
  }

  // --- what the person does

  ask(line, file) {
    const entry = { id: randomId(), at: Date.now(), line: line.toWellFormed?.() ?? line, lang: this.words.speech, chosen: this.words.chosen, file: file?.name ?? null, state: "sending" };
    if (file) this.files.set(entry.id, file);
    this.change(entry, { toEnd: true });
    this.send(entry);
  }

  cancel(entry) {
    this.link.send({ type: "cancel", id: entry.id });
    this.change({ ...entry, state: "cancelled" });
  }

  retry(entry) {
    const file = this.files.get(entry.id) ?? null;
    if (entry.file && !file) return this.change({ ...entry, state: "lost", reply: undefined, trouble: this.words.say("fileGone") });
    this.ask(entry.line, file);
  }

  /** One press at a time: the next one depends on what came of the last. */
  press(entry, press) {
    if (entry.opinion?.pending) return;
    const typed = press.choice === "correct" ? press.correction : undefined;
    this.change({ ...entry, opinion: { ...entry.opinion, pending: press, typed } });
    this.link.send({ type: "thumb", id: entry.id, ...press });
  }

  clear() {
    for (const entry of this.store.all()) if (waits(entry)) this.link.send({ type: "cancel", id: entry.id });
    this.store.clear();
    this.files.clear();
    this.drawAll();
  }

  // --- what goes to the server and comes from it

  /** After each connection: what has no answer yet is sent again; the server knows it by its id. */
  resume() {
    for (const entry of this.store.all()) {
      if (waits(entry)) this.send(entry);
      if (entry.opinion?.pending) this.link.send({ type: "thumb", id: entry.id, ...entry.opinion.pending });
    }
    this.drawWaiting();
  }

  /** The server takes what people think of answers, or does not any more. */
  offerThumbs(offered) {
    if (offered === this.thumbs) return;
    this.thumbs = offered;
    for (const entry of this.store.all()) if (entry.thumbs) this.draw(entry);
  }

  async send(entry) {
    const { id, line, lang, chosen } = entry;
    const file = this.files.get(id);
    if (!this.link.connected) return;
    if (entry.file && !file) return this.link.send({ type: "resume", id });
    if (file && this.tried(id) > MOST_TRIES) return this.change({ ...entry, state: "lost" });
    try {
      this.link.send({ type: "ask", id, line, lang, chosen: chosen ?? false, file: file ? { name: file.name, data: await base64(file) } : null });
    } catch {
      this.change({ ...entry, state: "lost" }); // the file was moved or changed on the disk
    }
  }

  tried(id) {
    this.tries.set(id, (this.tries.get(id) ?? 0) + 1);
    return this.tries.get(id);
  }

  receive(message) {
    const entry = this.store.get(message.id);
    if (message.type === "answer") this.link.send({ type: "got", id: message.id });
    if (message.type === "opinion" || message.type === "not_pressed") return entry && this.settle(entry, message);
    if (!entry || !(waits(entry) || (entry.state === "lost" && message.type === "answer"))) return;
    this.received[message.type]?.call(this, entry, message);
  }

  /** What came of a press, here or in another tab. */
  settle(entry, { type, press, verdict, asks, right, told }) {
    const before = entry.opinion ?? {};
    const pending = before.pending?.press === press ? undefined : before.pending;
    const failed = type === "not_pressed";
    if (failed && before.pending && pending) return; // of another tab
    this.change({ ...entry, opinion: failed ? { ...before, pending, told, failed } : { verdict, asks, right, told, pending } });
    this.tell(this.words.of(told));
  }

  received = {
    taken(entry) {
      if (entry.state !== "reading") this.change({ ...entry, state: "reading" });
    },
    progress(entry, message) {
      this.shares.set(entry.id, message.share);
      this.draw({ ...entry, state: "reading" });
    },
    answer(entry, message) {
      this.shares.delete(entry.id);
      this.change({ ...entry, state: "answered", reply: message.reply, seconds: message.seconds, thumbs: message.thumbs, trouble: undefined });
      this.tell(message.reply.brief);
    },
    cancelled(entry) {
      this.change({ ...entry, state: "cancelled" });
    },
    lost(entry) {
      this.change({ ...entry, state: "lost" });
    },
  };

  // --- what is on the page

  change(entry, { toEnd = false } = {}) {
    this.store.put(entry);
    this.draw(entry, { toEnd });
    if (entry.state === "lost") this.tell(entry.trouble ?? this.words.say("lost"));
  }

  /** Let a screen reader say something, in the voice of its language. */
  tell(text) {
    const points = Array.from(text);
    this.told.lang = languageOf(text) ?? "";
    this.told.textContent = points.length > MOST_TOLD ? `${points.slice(0, MOST_TOLD - 1).join("")}…` : text;
  }

  drawAll() {
    this.list.replaceChildren(...this.store.all().map((entry) => this.drawn(entry)));
    this.onChange(this.store.entries.size);
    if (this.store.entries.size) this.goToEnd();
  }

  drawWaiting() {
    for (const entry of this.store.all()) if (waits(entry)) this.draw(entry);
  }

  draw(entry, { toEnd = false } = {}) {
    const stay = toEnd || this.atEnd();
    const before = document.getElementById(`entry-${entry.id}`);
    const item = this.drawn(entry);
    if (before) {
      const focused = before.contains(document.activeElement) ? document.activeElement : null;
      before.replaceWith(item);
      if (focused) this.focusAgain(item, focused.dataset.keep);
    } else {
      this.list.append(item);
      this.onChange(this.store.entries.size);
    }
    if (stay) this.goToEnd();
  }

  focusAgain(item, name) {
    const same = name && item.querySelector(`[data-keep="${CSS.escape(name)}"]`);
    (same || item.querySelector("button.worded") || document.getElementById("line")).focus();
  }

  drawn(entry) {
    const { words, actions } = this;
    return drawEntry(entry, { words, actions, share: this.shares.get(entry.id), connected: this.link?.connected ?? false, thumbs: this.thumbs });
  }

  tick() {
    for (const clock of this.list.querySelectorAll(".waiting .clock")) {
      const entry = this.store.get(clock.closest("li").id.slice("entry-".length));
      if (entry) clock.textContent = waited(entry, this.words);
    }
  }

  atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return scrollTop + clientHeight >= scrollHeight - NEAR_THE_END_PX;
  }

  goToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
