// Draws maps on canvases: a table of cells, lines between two columns of tokens, and thumbnails.

const ROW_PX = 26; // of the two columns between which lines run
const WRITTEN_PX = 36; // cells at least this wide hold their number

/** A canvas of `width` × `height` CSS pixels, sharp on dense screens, and its context in CSS pixels. */
function sizedCanvas(canvas, width, height) {
  const density = Math.min(2, devicePixelRatio || 1);
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(density, density);
  return context;
}

/** The cells of a map among the tokens `shown`; what the filter hides is left as paper. */
function drawTable(canvas, reading, map, { shown, between, cell }) {
  const context = sizedCanvas(canvas, shown.length * cell, shown.length * cell);
  const largest = reading.largest(map, shown, between);
  const gap = cell >= 12 ? 1 : 0;
  context.font = `${Math.min(12, Math.floor(cell / 3.2))}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [down, row] of shown.entries()) {
    for (const [across, column] of shown.entries()) {
      if (!reading.allows(row, column, between)) continue;
      const value = map[row * reading.size + column];
      const rgb = colour("blue", depth(value, largest));
      context.fillStyle = css(rgb);
      context.fillRect(across * cell, down * cell, cell - gap, cell - gap);
      if (cell < WRITTEN_PX) continue;
      context.fillStyle = inkOn(rgb);
      context.fillText(share(value).replace(/^0/, ""), (across + 0.5) * cell, (down + 0.55) * cell);
    }
  }
}

/** Lines from the left column to the right one; of `chosen` tokens, where there are any, only theirs. */
function drawLooks(canvas, reading, map, { shown, between, chosen, width }) {
  const context = sizedCanvas(canvas, width, shown.length * ROW_PX);
  const largest = reading.largest(map, shown, between);
  for (const [down, row] of shown.entries()) {
    for (const [across, column] of shown.entries()) {
      const [from, to] = [chosen.includes(row), chosen.includes(column)];
      if (!reading.allows(row, column, between) || (chosen.length && !from && !to)) continue;
      const strength = depth(map[row * reading.size + column], largest);
      if (strength < 0.12) continue;
      const [left, right] = [(down + 0.5) * ROW_PX, (across + 0.5) * ROW_PX];
      context.globalAlpha = chosen.length ? strength : strength ** 1.5;
      context.strokeStyle = css(colour(chosen.length && !from ? "orange" : "blue", 0.68));
      context.lineWidth = 0.5 + 4 * strength * strength;
      context.beginPath();
      context.moveTo(0, left);
      context.bezierCurveTo(width * 0.4, left, width * 0.6, right, width, right);
      context.stroke();
    }
  }
}

/** A map as small as its tokens: one pixel a cell, which the page enlarges. */
function drawThumbnail(canvas, reading, map, { shown, between }) {
  const size = Math.max(1, shown.length);
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext("2d");
  const image = context.createImageData(size, size);
  const largest = reading.largest(map, shown, between);
  for (const [down, row] of shown.entries()) {
    for (const [across, column] of shown.entries()) {
      const allowed = reading.allows(row, column, between);
      const rgb = allowed ? colour("blue", depth(map[row * reading.size + column], largest)) : [128, 128, 128];
      image.data.set([...rgb, allowed ? 255 : 50], 4 * (down * size + across));
    }
  }
  context.putImageData(image, 0, 0);
}
