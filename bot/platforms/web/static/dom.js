// Makes elements. Every text goes in as text: nothing that people or models write is ever read as HTML.

/** An element with a class, a text or children, properties and attributes. */
export function make(tag, { className, text, lang, on = {}, attributes = {}, ...properties } = {}, children = []) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  if (lang) element.lang = lang;
  Object.assign(element, properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const [event, handler] of Object.entries(on)) element.addEventListener(event, handler);
  element.append(...children);
  return element;
}

/**
 * "ja" for a text with Japanese characters, so that its kanji get Japanese shapes; "en" for one of Latin letters, so that no Japanese
 * voice reads it on a Japanese page; else undefined.
 */
export function languageOf(text) {
  if (/[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uff66-\uff9d]/.test(text)) return "ja";
  return /\p{Script=Latin}/u.test(text) && !/(?!\p{Script=Latin})\p{L}/u.test(text) ? "en" : undefined;
}

/** 128 random bits as letters; unlike randomUUID it is there on pages without TLS, too. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
