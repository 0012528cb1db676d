// A bounded map that several owners share: who puts the most into it makes room, and takes none from the others.

/**
 * At most `limit` entries, in the order in which they were set; setting a key again makes it the newest. When it is
 * full, the owner of the most entries loses its oldest one. So an owner of at most `limit / owners` entries loses none,
 * whatever the others do.
 */
export class FairMap<K, V> extends Map<K, V> {
  /** The keys by owner, oldest first. */
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
    super();
    this.#limit = limit;
    this.#ownerOf = ownerOf;
    this.#onForget = onForget;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    const owner = this.#ownerOf(key, value);
    super.set(key, value);
    this.#owners.set(key, owner);
    const owned = this.#owned.get(owner) ?? new Set<K>();
    this.#owned.set(owner, owned.add(key));
    if (this.size > this.#limit) this.#makeRoom();
    return this;
  }

  override delete(key: K): boolean {
    const owner = this.#owners.get(key);
    if (owner === undefined) return false;
    const owned = this.#owned.get(owner);
    owned?.delete(key);
    if (owned?.size === 0) this.#owned.delete(owner);
    this.#owners.delete(key);
    return super.delete(key);
  }

  override clear(): void {
    super.clear();
    this.#owned.clear();
    this.#owners.clear();
  }

  #makeRoom(): void {
    let most: Set<K> = new Set();
    for (const owned of this.#owned.values()) if (owned.size > most.size) most = owned;
    for (const oldest of most) {
      const value = this.get(oldest);
      this.delete(oldest);
      if (value !== undefined) this.#onForget(oldest, value);
      return;
    }
  }
}
