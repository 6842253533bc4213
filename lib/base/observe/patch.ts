/** Puts something in the place of properties, and the properties back. */
export interface Patches {
  /** Replaces the value of a property, where the object has it and lets it be replaced. */
  replace(object: object, key: PropertyKey, make: (original: unknown) => unknown): void;
  /** Observes the calls of functions and constructors, where the object has them. */
  calls(object: object, keys: readonly string[], seen: Seen): void;
  /** Observes the reading of properties that have getters, or are values, where the object has them. */
  reads(object: object, keys: readonly string[], seen: () => void): void;
  /** Puts back what wasn't replaced by others since. */
  restore(): void;
}

/** Is told of a call, before it is done. */
export type Seen = (args: readonly unknown[], self: unknown) => void;

/** Begins with nothing replaced. */
export function openPatches(): Patches {
  const undo: (() => void)[] = [];

  function define(
    object: object,
    key: PropertyKey,
    change: (before: PropertyDescriptor) => PropertyDescriptor,
  ) {
    const before = Object.getOwnPropertyDescriptor(object, key);
    if (before === undefined || !before.configurable) return;
    const after = change(before);
    Object.defineProperty(object, key, after);
    undo.push(() => {
      const now = Object.getOwnPropertyDescriptor(object, key);
      if (now?.value === after.value && now?.get === after.get) Object.defineProperty(object, key, before);
    });
  }

  function replace(object: object, key: PropertyKey, make: (original: unknown) => unknown) {
    define(object, key, (before) => {
      if ("value" in before) return { ...before, value: make(before.value) };
      const value = make(before.get?.call(object));
      return { ...before, get: () => value };
    });
  }

  return {
    replace,
    calls(object, keys, seen) {
      for (const key of keys) {
        const given = Object.getOwnPropertyDescriptor(object, key)?.value;
        if (typeof given === "function") replace(object, key, () => observed(given, seen));
      }
    },
    reads(object, keys, seen) {
      for (const key of keys) {
        define(object, key, ({ get, set, value, writable, ...rest }) => {
          let given = value;
          const write = set ?? (writable === true ? (next: unknown) => void (given = next) : undefined);
          return {
            ...rest,
            get(this: unknown) {
              seen();
              return get ? get.call(this) : given;
            },
            ...(write ? { set: write } : {}),
          };
        });
      }
    },
    restore() {
      for (const back of undo.splice(0).reverse()) back();
    },
  };
}

/** A function or class that tells of each call, and is the same in all else. */
function observed<Given extends (...args: never[]) => unknown>(given: Given, seen: Seen): Given {
  const proxy: Given = new Proxy(given, {
    apply(target, self, args) {
      seen(args, self);
      return Reflect.apply(target, self, args);
    },
    construct(target, args, newTarget) {
      seen(args, undefined);
      return Reflect.construct(target, args, newTarget === proxy ? target : newTarget);
    },
  });
  return proxy;
}
