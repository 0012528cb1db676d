// Where a machine is said to be, by those whose word counts and those who may only object: what residency is decided from.

/** In which countries a rule's calls may run; whoever is not known to be in one of them is out. */
export interface Residency {
  /** ISO 3166-1 alpha-2 codes. */
  readonly allow: ReadonlySet<string>;
  /** Whether the node's own public address must be known, and be in the same country. */
  readonly egress: boolean;
}

/** What somebody said, in words, and when. */
export interface PlaceStatement {
  /** Safe to print: `endpoint 198.51.100.7 looks like JP Tokyo`. */
  readonly words: string;
  /** Epoch ms; null: the config says it. */
  readonly atMs: number | null;
}

/** What is known of one machine. */
export interface Residence {
  /** By the operator's config, else by the tailnet's policy; null: neither says one. */
  readonly country: string | null;
  /** Who said so: `declared`, `tailnet tag country-sg`; null: nobody. */
  readonly by: PlaceStatement | null;
  /** Whatever contradicts it, however old: age takes no objection back. */
  readonly disputes: readonly PlaceStatement[];
  /** The newest observation of the same country. */
  readonly agrees: PlaceStatement | null;
  /** Where its packets leave, as it found out itself lately; null: not asked, or too long ago. */
  readonly egress: PlaceStatement | null;
  /** A word that would count, were it not too old; null: there is none. */
  readonly lapsed: PlaceStatement | null;
}

/** Of a machine that nobody has placed. */
export const NO_RESIDENCE: Residence = {
  country: null,
  by: null,
  disputes: [],
  agrees: null,
  egress: null,
  lapsed: null,
};
