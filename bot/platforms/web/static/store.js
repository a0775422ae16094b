// Keeps the conversation in the browser: one key an entry, so that tabs share it without overwriting each other.

const PREFIX = "yomite.entry.";
const MOST_ENTRIES = 200;
const MOST_CHARACTERS = 4_000_000; // browsers give 5 million to a site

/** The entries of the conversation, in memory and, where the browser allows it, in localStorage. */
export class Store {
  constructor(storage) {
    this.storage = storage;
    this.entries = new Map();
    this.sizes = new Map();
    for (const key of this.keys()) this.load(key.slice(PREFIX.length), storage.getItem(key));
  }

  /** Calls `changed(id)` for an entry that another tab changed, or `changed(null)` when it cleared everything. */
  watch(changed) {
    addEventListener("storage", (event) => {
      if (!event.key?.startsWith(PREFIX)) return;
      const id = event.key.slice(PREFIX.length);
      if (event.newValue !== null) {
        this.load(id, event.newValue);
        changed(id);
      } else if (this.keys().length === 0) {
        this.forget();
        changed(null);
      }
    });
  }

  all() {
    return [...this.entries.values()].sort((one, other) => one.at - other.at);
  }

  get(id) {
    return this.entries.get(id);
  }

  put(entry) {
    this.entries.set(entry.id, entry);
    this.write(entry);
    this.trim();
  }

  clear() {
    for (const key of this.keys()) this.storage.removeItem(key);
    this.forget();
  }

  forget() {
    this.entries.clear();
    this.sizes.clear();
  }

  keys() {
    return this.storage ? Object.keys(this.storage).filter((key) => key.startsWith(PREFIX)) : [];
  }

  load(id, text) {
    try {
      this.entries.set(id, JSON.parse(text));
      this.sizes.set(id, text.length);
    } catch {
      this.storage.removeItem(PREFIX + id); // not ours, or cut
    }
  }

  write(entry) {
    const text = JSON.stringify(entry);
    this.sizes.set(entry.id, text.length);
    for (;;) {
      try {
        this.storage?.setItem(PREFIX + entry.id, text);
        return;
      } catch {
        if (!this.shrink(entry.id)) return; // full, and nothing left to give up: this entry lives as long as the tab
      }
    }
  }

  trim() {
    while (this.entries.size > MOST_ENTRIES || this.total() > MOST_CHARACTERS) {
      if (!this.shrink(null)) return;
    }
  }

  total() {
    let sum = 0;
    for (const size of this.sizes.values()) sum += size;
    return sum;
  }

  /** Give up the oldest page, which takes most room, else the oldest picture, else the oldest entry, never `spared`; whether there was one. */
  shrink(spared) {
    const others = this.all().filter((entry) => entry.id !== spared && entry.reply);
    const holding = (given) => others.find((entry) => entry.reply.blocks.some(given));
    const given = [(block) => block.data && block.kind === "attachment", (block) => block.data].find(holding);
    const pictured = this.entries.size <= MOST_ENTRIES && given && holding(given);
    if (pictured) {
      const blocks = pictured.reply.blocks.map((block) => (given(block) ? { ...block, data: "" } : block));
      const lighter = { ...pictured, reply: { ...pictured.reply, blocks } };
      this.entries.set(lighter.id, lighter);
      this.sizes.set(lighter.id, JSON.stringify(lighter).length);
      try {
        this.storage?.setItem(PREFIX + lighter.id, JSON.stringify(lighter));
      } catch {
        this.storage.removeItem(PREFIX + lighter.id);
      }
      return true;
    }
    const oldest = others[0];
    if (!oldest) return false;
    this.entries.delete(oldest.id);
    this.sizes.delete(oldest.id);
    this.storage?.removeItem(PREFIX + oldest.id);
    return true;
  }
}

/** A small value that is remembered, e.g. the theme; nothing where the browser keeps nothing. */
export const remembered = {
  get(storage, name) {
    return storage?.getItem(`yomite.${name}`) ?? null;
  },
  set(storage, name, value) {
    try {
      if (value === null) storage?.removeItem(`yomite.${name}`);
      else storage?.setItem(`yomite.${name}`, value);
    } catch {
      // Full: it holds until the page is closed.
    }
  },
};

/** localStorage, or null where the browser forbids it. */
export function openStorage() {
  try {
    localStorage.setItem("yomite.probe", "1");
    localStorage.removeItem("yomite.probe");
    return localStorage;
  } catch {
    return null;
  }
}
