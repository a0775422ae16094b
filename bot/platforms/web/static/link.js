// The socket to the server: opens it, opens it again whenever it is lost, and carries messages both ways.

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 8_000;

/** `onState` gets "connecting", "connected" or "away"; `onOpen` runs after each (re)connection. */
export class Link {
  constructor({ session, onState, onOpen, onMessage }) {
    Object.assign(this, { session, onState, onOpen, onMessage });
    this.pause = FIRST_PAUSE_MS;
    this.state = "connecting";
    this.timer = null;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    this.open();
  }

  get connected() {
    return this.state === "connected";
  }

  send(message) {
    if (this.connected) this.socket.send(JSON.stringify(message));
  }

  open() {
    this.timer = null;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/chat`);
    this.socket = socket;
    socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "hello", session: this.session })));
    socket.addEventListener("message", (event) => this.receive(JSON.parse(event.data)));
    socket.addEventListener("close", () => this.lost());
  }

  receive(message) {
    if (message.type === "ready") {
      this.pause = FIRST_PAUSE_MS;
      this.move("connected");
      this.onOpen(message);
    } else {
      this.onMessage(message);
    }
  }

  lost() {
    const was = this.state;
    this.move("away");
    if (was === "away") this.check();
    this.timer = setTimeout(() => this.open(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }

  hurry() {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.open();
  }

  /** A server that asks for its token again shows a page for it. */
  async check() {
    const answer = await fetch("/api/commands", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) location.reload();
  }

  move(state) {
    this.state = state;
    this.onState(state);
  }
}
