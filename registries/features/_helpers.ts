/** How many times longer than wide a leaf is. */
export const ratio = (length: number, width: number): number => length / width;
