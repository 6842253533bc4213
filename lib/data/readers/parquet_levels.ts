/**
 * Whole numbers in Parquet's hybrid of runs and packed bits, as definition levels and places in a dictionary are kept.
 *
 * @param options.width How many bits each has.
 * @param options.count How many there are.
 * @param options.below What each of them has to be less than.
 * @throws {Error} Where the bytes end too early, a run is of more numbers than there are, or a number is too great.
 */
export function hybridOf(
  bytes: Uint8Array,
  { width, count, below }: { readonly width: number; readonly count: number; readonly below: number },
): Int32Array {
  if (width > 31) throw new Error(`a page has numbers of ${width} bits`);
  const numbers = new Int32Array(count);
  let at = 0;
  const byte = (): number => {
    if (at >= bytes.length) throw new Error("a page ends before its values do");
    return bytes[at++]!;
  };
  for (let done = 0; done < count;) {
    let header = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const part = byte();
      if (shift > 28) throw new Error("a page has a run that is too long");
      header += (part & 0x7f) * 2 ** shift;
      more = part >= 0x80;
    }
    const length = Math.floor(header / 2);
    if (length === 0) throw new Error("a page has a run of nothing");
    if (header % 2 === 0) {
      if (length > count - done) throw new Error("a page has more values than it says");
      let value = 0;
      for (let place = 0; place < width; place += 8) value += byte() * 2 ** place;
      check(value, below);
      numbers.fill(value, done, done += length);
      continue;
    }
    // The last group is filled up, by some writers not with whole bytes.
    const end = Math.min(count, done + 8 * length);
    const last = at + length * width;
    if (at + Math.ceil((end - done) * width / 8) > bytes.length) {
      throw new Error("a page ends before its values do");
    }
    unpack(bytes.subarray(at, last), width, numbers.subarray(done, end));
    if (below < 2 ** width) { for (; done < end; done++) check(numbers[done]!, below); }
    done = end;
    at = last;
  }
  return numbers;
}

/** Reads numbers that stand bit by bit, the lowest first, and none of them in more than 31 bits. */
function unpack(bytes: Uint8Array, width: number, numbers: Int32Array): void {
  let at = 0;
  if (width <= 24) {
    const mask = 2 ** width - 1;
    for (let to = 0, bits = 0, held = 0; to < numbers.length; to++) {
      for (; held < width; held += 8) bits |= bytes[at++]! << held;
      numbers[to] = bits & mask;
      bits >>>= width;
      held -= width;
    }
    return;
  }
  for (let to = 0, bits = 0, held = 0; to < numbers.length; to++) {
    // A double holds them all, as they are less than 40.
    for (; held < width; held += 8) bits += bytes[at++]! * 2 ** held;
    numbers[to] = bits % 2 ** width;
    bits = Math.floor(bits / 2 ** width);
    held -= width;
  }
}

function check(value: number, below: number): void {
  if (value >= below) {
    throw new Error(`a page has the number ${value} where ${below - 1} is the greatest there is`);
  }
}
