/** The value of a key, made when it is first asked for. */
export function memo<Key, Value>(values: Map<Key, Value>, key: Key, make: (key: Key) => Value): Value {
  const known = values.get(key);
  if (known !== undefined) return known;
  const made = make(key);
  values.set(key, made);
  return made;
}
