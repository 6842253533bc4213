/** A dense matrix of 64-bit floats, row by row: the element at (row, column) is `data[row * columns + column]`. */
export interface Matrix {
  /** The number of rows. */
  readonly rows: number;
  /** The number of columns. */
  readonly columns: number;
  /** The elements, `rows * columns` of them. */
  readonly data: Float64Array;
}

const TILE = 1024;

/** The matrix whose columns are given, all of one length. */
export function matrixOf(columns: readonly Float64Array[]): Matrix {
  const rows = columns[0]?.length ?? 0;
  const data = new Float64Array(rows * columns.length);
  // A part of the rows at a time, so that what is written stays in the processor's cache.
  for (let from = 0; from < rows; from += TILE) {
    const to = Math.min(rows, from + TILE);
    columns.forEach((column, c) => {
      for (let row = from, at = from * columns.length + c; row < to; row++, at += columns.length) {
        data[at] = column[row]!;
      }
    });
  }
  return { rows, columns: columns.length, data };
}

/** The matrix of the rows at `indices`, in their order. */
export function takeRows(matrix: Matrix, indices: Uint32Array): Matrix {
  const { columns } = matrix;
  const data = new Float64Array(indices.length * columns);
  indices.forEach((from, to) => {
    data.set(matrix.data.subarray(from * columns, (from + 1) * columns), to * columns);
  });
  return { rows: indices.length, columns, data };
}

/** The column of the largest element of each row; the first one where several are equal. */
export function argmaxOfRows({ rows, columns, data }: Matrix): Uint32Array {
  const best = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const offset = row * columns;
    let at = 0;
    for (let column = 1; column < columns; column++) {
      if (data[offset + column]! > data[offset + at]!) at = column;
    }
    best[row] = at;
  }
  return best;
}
