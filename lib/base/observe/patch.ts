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
      const isOurs = now?.value === after.value && now?.get === after.get;
      // Frozen since, it stays: what is observed then is who runs in a scope, and nobody does.
      if (isOurs && now?.configurable) Object.defineProperty(object, key, before);
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
        define(holderOf(object, key), key, ({ get, value, ...rest }) => {
          if (get === undefined) return { ...rest, value: observed(value, seen) };
          // What is made when somebody looks isn't made for this.
          let made: unknown;
          return { ...rest, get: () => made ??= observed(get.call(object), seen) };
        });
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

/** The object that has a property, on the way of its prototypes. */
function holderOf(object: object, key: string): object {
  const above: object | null = Object.getPrototypeOf(object);
  return Object.hasOwn(object, key) || above === null ? object : holderOf(above, key);
}

/** A function or class that tells of each call, and is the same in all else; what is neither is left as it is. */
function observed(given: unknown, seen: Seen): unknown {
  if (typeof given !== "function") return given;
  const proxy: unknown = new Proxy(given, {
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
