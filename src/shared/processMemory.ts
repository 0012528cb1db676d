// What outlives a reload of the plugin. The host evaluates our modules several times in one process (a `full` instance
// with the services, `discovery` instances with the hooks of agent runs), so variables of a module would be several
// truths. Each room brings its own part.

/** One thing that there is once a process. Its constant stands beside the type that it keeps. */
export interface Part<T> {
  /** Key and version: every copy of the code that says the same means the same thing. */
  readonly name: string;
  /** @param now epoch ms. */
  readonly create: (now: () => number) => T;
}

/** A part that is there only sometimes. */
export interface Slot<T> {
  current: T | null;
}

export interface Memory {
  /** The part as every copy of this code has it; made at the first call. */
  part<T>(part: Part<T>): T;
}

/**
 * @param key names the part among all of the plugin's.
 * @param version raised when the shape of `T` changes: an old copy of the code keeps its old part, and a new one
 *   starts afresh.
 */
export function definePart<T>(key: string, version: number, create: Part<T>["create"]): Part<T> {
  return { name: `${key}.${version}`, create };
}

/** A part that is empty until somebody puts something in. */
export function defineSlot<T>(key: string, version: number): Part<Slot<T>> {
  return definePart(key, version, () => ({ current: null }));
}

/** A memory of its own: for a test, or for one process. @param now epoch ms. */
export function createMemory(now: () => number, parts: Map<string, unknown> = new Map()): Memory {
  return {
    part<T>({ name, create }: Part<T>): T {
      if (!parts.has(name)) parts.set(name, create(now));
      // The name stands for the type: nothing else is ever put there.
      return parts.get(name) as T;
    },
  };
}

const KEY = Symbol.for("openclaw-node-router.memory");

/** The memory of this process. */
export function processMemory(): Memory {
  const present: unknown = Reflect.get(globalThis, KEY);
  const parts = present instanceof Map ? present : new Map<string, unknown>();
  if (parts !== present) Reflect.set(globalThis, KEY, parts);
  return createMemory(Date.now, parts);
}
