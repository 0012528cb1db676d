// A bounded map that several owners share: who puts the most into it makes room, and takes none from the others.

/**
 * At most `limit` entries, in the order in which they were set; setting a key again makes it the newest. When it is
 * full, the owner of the most entries loses its oldest one. So an owner of at most `limit / owners` entries loses none,
 * whatever the others do.
 */
export class FairMap<K, V> {
  readonly #entries = new Map<K, V>();
  /** The same by owner, oldest first. */
  readonly #owned = new Map<string, Set<K>>();
  readonly #owners = new Map<K, string>();
  readonly #limit: number;
  readonly #ownerOf: (key: K, value: V) => string;
  readonly #onForget: (key: K, value: V) => void;

  /** @param onForget told of an entry that made room. */
  constructor(
    limit: number,
    ownerOf: (key: K, value: V) => string,
    onForget: (key: K, value: V) => void = () => {},
  ) {
    this.#limit = limit;
    this.#ownerOf = ownerOf;
    this.#onForget = onForget;
  }

  get size(): number {
    return this.#entries.size;
  }

  set(key: K, value: V): void {
    this.delete(key);
    const owner = this.#ownerOf(key, value);
    this.#entries.set(key, value);
    this.#owners.set(key, owner);
    const owned = this.#owned.get(owner) ?? new Set<K>();
    this.#owned.set(owner, owned.add(key));
    if (this.#entries.size > this.#limit) this.#makeRoom();
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  delete(key: K): boolean {
    const owner = this.#owners.get(key);
    if (owner === undefined) return false;
    const owned = this.#owned.get(owner);
    owned?.delete(key);
    if (owned?.size === 0) this.#owned.delete(owner);
    this.#owners.delete(key);
    return this.#entries.delete(key);
  }

  /** Oldest first. */
  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  /** Oldest first. */
  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  #makeRoom(): void {
    let most: Set<K> = new Set();
    for (const owned of this.#owned.values()) if (owned.size > most.size) most = owned;
    for (const oldest of most) {
      const value = this.#entries.get(oldest);
      this.delete(oldest);
      if (value !== undefined) this.#onForget(oldest, value);
      return;
    }
  }
}
