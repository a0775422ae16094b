// One reading as it was embedded: its maps, decoded, and what can be asked of them.

const STEPS = 1000; // maps are kept in thousandths
const LONG = 255; // says that the value stands in the next two bytes

function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const values = new Uint16Array(bytes.length);
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] < LONG) {
      values[count] = bytes[at];
    } else {
      values[count] = bytes[at + 1] * 256 + bytes[at + 2];
      at += 2;
    }
    count += 1;
  }
  return values.subarray(0, count);
}

/** A value in thousandths, as it is shown. */
function share(thousandths) {
  return (thousandths / STEPS).toFixed(3);
}

class Reading {
  constructor(data) {
    Object.assign(this, data);
    this.size = data.tokens.length;
    this.maps = unpacked(data.maps);
    this.means = unpacked(data.means);
    this.rollout = unpacked(data.rollout);
    this.relevance = data.relevance === null ? null : unpacked(data.relevance);
    this.paired = data.secondFrom !== null;
  }

  /** The layer of this model for what the controls say, which may suit a deeper one. */
  layerOf(layer) {
    return Math.min(layer, this.layers - 1);
  }

  headOf(head) {
    return Math.min(head, this.heads - 1);
  }

  /** (size × size) thousandths, row looks at column; null where this model has no such map. */
  map({ view, layer, head }) {
    const cells = this.size * this.size;
    const cut = (values, index) => values.subarray(index * cells, (index + 1) * cells);
    if (view === "head") return cut(this.maps, this.layerOf(layer) * this.heads + this.headOf(head));
    if (view === "mean") return cut(this.means, this.layerOf(layer));
    return view === "rollout" ? this.rollout : this.relevance;
  }

  /** The tokens that are shown, by index. */
  shown(special) {
    return [...this.tokens.keys()].filter((index) => special || !this.tokens[index].special);
  }

  /** Whether a look from one token to another is shown. */
  allows(row, column, between) {
    return !between || !this.paired || row < this.secondFrom !== column < this.secondFrom;
  }

  /** How much the chosen tokens look at `index`, on average, and how much it looks at them, together. */
  looks(map, chosen, index) {
    const sum = (values) => values.reduce((found, value) => found + value, 0);
    return {
      at: sum(chosen.map((one) => map[one * this.size + index])) / chosen.length,
      by: sum(chosen.map((one) => map[index * this.size + one])),
    };
  }

  /** The largest value among what is shown; at least one thousandth. */
  largest(map, shown, between) {
    let largest = 1;
    for (const row of shown) {
      for (const column of shown) {
        if (this.allows(row, column, between)) largest = Math.max(largest, map[row * this.size + column]);
      }
    }
    return largest;
  }

  /** The strongest looks of one token of the text at another; special tokens and looks at oneself only if nothing else is there. */
  strongest(map, shown, between, count) {
    const pairs = shown.flatMap((row) => shown.map((column) => ({ row, column, value: map[row * this.size + column] })));
    const allowed = pairs.filter(({ row, column, value }) => value > 0 && this.allows(row, column, between));
    const telling = allowed.filter(({ row, column }) => row !== column && !this.tokens[row].special && !this.tokens[column].special);
    return (telling.length ? telling : allowed).sort((one, two) => two.value - one.value).slice(0, count);
  }
}
