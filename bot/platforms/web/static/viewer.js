// Shows a picture large, in a dialog: Escape closes it, and the focus goes back to where it was.

import { languageOf } from "./dom.js";
import { pictureAddress } from "./reply.js";

export class Viewer {
  constructor(root) {
    this.dialog = root.getElementById("viewer");
    this.image = root.getElementById("viewer-image");
    this.caption = root.getElementById("viewer-caption");
    this.save = root.getElementById("viewer-save");
    this.zoom = root.getElementById("viewer-zoom");
    root.getElementById("viewer-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.zoom.addEventListener("click", () => this.showFull(this.zoom.getAttribute("aria-pressed") !== "true"));
  }

  show(block) {
    this.image.src = pictureAddress(block);
    this.image.alt = block.alt;
    this.image.width = block.width;
    this.image.height = block.height;
    this.caption.textContent = block.alt;
    this.caption.lang = languageOf(block.alt) ?? "";
    this.save.href = this.image.src;
    this.save.download = block.name;
    this.showFull(false);
    this.dialog.showModal();
  }

  /** In its own size with scrolling, or as a whole. */
  showFull(full) {
    this.zoom.setAttribute("aria-pressed", String(full));
    this.dialog.classList.toggle("full", full);
  }
}
