/** A whole number within a struct of Thrift's compact protocol. */
export interface Field {
  /** Where it begins, and how many bytes it has. */
  readonly at: number;
  readonly length: number;
  readonly value: number;
}

/** The whole numbers of a struct, by the ids of the fields that lead to them, such as `4.0.1`; and where it ends. */
export function numbersIn(bytes: Uint8Array, from: number): {
  readonly fields: ReadonlyMap<string, Field>;
  readonly end: number;
} {
  const fields = new Map<string, Field>();
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1, more = true; more; shift *= 128) {
      value += (bytes[at]! & 0x7f) * shift;
      more = bytes[at++]! >= 0x80;
    }
    return value;
  };
  const read = (type: number, path: string): void => {
    const start = at;
    if (type <= 2) return;
    if (type === 3) at++;
    else if (type <= 6) {
      const value = varint();
      fields.set(path, {
        at: start,
        length: at - start,
        value: value % 2 === 0 ? value / 2 : -(value + 1) / 2,
      });
    } else if (type === 7) at += 8;
    else if (type === 8) {
      const length = varint();
      at += length;
    } else if (type === 9) {
      const head = bytes[at++]!;
      const count = head >> 4 === 15 ? varint() : head >> 4;
      for (let index = 0; index < count; index++) read(head & 15, `${path}.${index}`);
    } else struct(`${path}.`);
  };
  const struct = (path: string): void => {
    for (let id = 0; bytes[at] !== 0;) {
      const head = bytes[at++]!;
      id = head >> 4 === 0 ? varint() / 2 : id + (head >> 4);
      read(head & 15, `${path}${id}`);
    }
    at++;
  };
  struct("");
  return { fields, end: at };
}

/** The bytes with another number in place of a field's, which may take more bytes. */
export function withNumber(bytes: Uint8Array, { at, length }: Field, value: number): Uint8Array {
  const digits: number[] = [];
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) digits.push(rest % 0x80 + 0x80);
  digits.push(rest);
  // A longer form of the same number is the same number, so that nothing moves.
  while (digits.length < length) {
    digits[digits.length - 1]! += 0x80;
    digits.push(0);
  }
  return Uint8Array.from([...bytes.subarray(0, at), ...digits, ...bytes.subarray(at + length)]);
}
