// Puts the page together.

import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { randomId } from "./dom.js";
import { Link } from "./link.js";
import { openStorage, remembered, Store } from "./store.js";
import { Viewer } from "./viewer.js";
import { drawExamples } from "./welcome.js";
import { preferredSpeech, Words } from "./words.js";

const THEMES = ["system", "light", "dark"];
const find = (id) => document.getElementById(id);

const storage = openStorage();
const words = new Words({ chosen: remembered.get(storage, "speech"), preferred: preferredSpeech(navigator.languages) });
const viewer = new Viewer(document);
const conversation = new Conversation(document, {
  store: new Store(storage),
  words,
  showPicture: (block) => viewer.show(block),
  onChange: (count) => {
    find("welcome").hidden = count > 0;
    find("clear").hidden = count === 0;
  },
});
const composer = new Composer(document, {
  words,
  onSend: (line, file) => conversation.ask(line, file),
  earlier: () => conversation.store.all().map((entry) => entry.line),
});

function session() {
  const id = remembered.get(storage, "session") ?? randomId();
  remembered.set(storage, "session", id);
  return id;
}

function showState() {
  find("state").textContent = words.say(conversation.link.state === "connected" ? "connected" : conversation.link.state);
  find("state").className = conversation.link.state;
}

function showSpeech() {
  words.fill(document);
  find("speech").textContent = words.say("otherSpeech");
  find("speech").lang = words.speech === "ja" ? "en" : "ja";
  find("speech").setAttribute("aria-label", words.say("speech"));
  drawExamples(find("examples"), composer.commands, words.speech, (line) => conversation.ask(line, null));
  conversation.drawAll();
  showTheme();
  if (conversation.link) showState();
}

function showTheme() {
  const now = document.documentElement.dataset.theme ?? "system";
  find("theme").title = words.say("theme", { now: words.say(now) });
  find("theme").setAttribute("aria-label", find("theme").title);
}

function nextTheme() {
  const now = document.documentElement.dataset.theme ?? "system";
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  remembered.set(storage, "theme", next === "system" ? null : next);
  showTheme();
}

function takeDroppedFiles() {
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    find("drop").hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) find("drop").hidden = true;
  });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    find("drop").hidden = true;
    composer.take([...event.dataTransfer.files]);
  });
}

function takePresses() {
  find("help").addEventListener("click", () => conversation.ask("/help", null));
  find("theme").addEventListener("click", nextTheme);
  find("speech").addEventListener("click", () => {
    words.change();
    remembered.set(storage, "speech", words.speech);
    showSpeech();
  });
  find("clear").addEventListener("click", () => find("sure").showModal());
  find("sure").addEventListener("close", () => {
    if (find("sure").returnValue === "clear") conversation.clear();
    find("sure").returnValue = "";
    find("line").focus();
  });
  find("down").addEventListener("click", () => conversation.goToEnd());
  addEventListener("scroll", () => (find("down").hidden = conversation.atEnd() || find("clear").hidden), { passive: true });
}

async function start() {
  takePresses();
  takeDroppedFiles();
  const answer = await fetch("/api/commands").catch(() => null);
  composer.commands = answer?.ok ? await answer.json() : []; // without them there is only no completion
  conversation.link = new Link({
    session: session(),
    onState: () => {
      showState();
      conversation.drawWaiting();
    },
    onOpen: (message) => {
      composer.uploadLimit = message.upload_limit;
      conversation.offerThumbs(message.thumbs);
      conversation.resume();
    },
    onMessage: (message) => conversation.receive(message),
  });
  showSpeech();
  find("line").focus({ preventScroll: true });
}

await start();
