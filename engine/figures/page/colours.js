// Colours of values: ramps of one hue, told apart by lightness, so that all eyes can read them.

const RAMPS = {
  light: {
    blue: ["#ffffff", "#cfe1f2", "#93c4de", "#4a97c9", "#1764ab", "#08306b"],
    orange: ["#ffffff", "#fde3c8", "#fdbe85", "#f28c3c", "#c05a10", "#7a3303"],
  },
  dark: {
    blue: ["#1e2126", "#21405f", "#28659b", "#4a97d2", "#93c8f0", "#eef7ff"],
    orange: ["#1e2126", "#54341a", "#8c4f17", "#cf7a26", "#f5b26b", "#fff3e4"],
  },
};

const darkness = matchMedia("(prefers-color-scheme: dark)");

/** Red, green and blue of a share 0..1 of a ramp. */
function colour(name, part) {
  const stops = RAMPS[darkness.matches ? "dark" : "light"][name];
  const place = Math.min(1, Math.max(0, part)) * (stops.length - 1);
  const first = Math.min(stops.length - 2, Math.floor(place));
  return [1, 3, 5].map((at) => {
    const [low, high] = [first, first + 1].map((stop) => parseInt(stops[stop].slice(at, at + 2), 16));
    return Math.round(low + (high - low) * (place - first));
  });
}

/** How dark a value is drawn: by its root, so that small values are seen beside one that is large. */
function depth(value, largest) {
  return largest > 0 ? Math.sqrt(Math.max(0, value) / largest) : 0;
}

function css(rgb) {
  return `rgb(${rgb.join(" ")})`;
}

/** Black or white, whichever is read better on a colour (by its relative luminance, as WCAG has it). */
function inkOn(rgb) {
  const [red, green, blue] = rgb.map((part) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

/** Shade an element by a share 0..1; white text is used where black would not be read. */
function shade(element, name, part) {
  const rgb = colour(name, part);
  element.style.backgroundColor = css(rgb);
  element.style.color = inkOn(rgb);
}
