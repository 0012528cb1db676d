// Patterns of OpenSSH: `*` and `?`, lists with `!`. Pure.

/** Whether the whole text fits the pattern. `*` = any run, `?` = one character, nothing else is special. */
export function matchesPattern(text: string, pattern: string): boolean {
  // Two positions and one place to go back to: a hostile pattern costs its length times the text's, not more.
  let [at, position, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[position] === "*") {
      star = position++;
      resume = at;
    } else if (position < pattern.length && (pattern[position] === "?" || pattern[position] === text[at])) {
      position++;
      at++;
    } else if (star >= 0) {
      position = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[position] === "*") position++;
  return position === pattern.length;
}

/**
 * Whether a list of patterns takes the text: one must fit, and none that begins with `!` may
 * (match_pattern_list of OpenSSH).
 */
export function matchesList(text: string, patterns: readonly string[]): boolean {
  let isTaken = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (matchesPattern(text, pattern.slice(1))) return false;
    } else if (matchesPattern(text, pattern)) {
      isTaken = true;
    }
  }
  return isTaken;
}

/** The same for names of hosts, which have no case. */
export function matchesHostList(host: string, patterns: readonly string[]): boolean {
  return matchesList(
    host.toLowerCase(),
    patterns.map((pattern) => pattern.toLowerCase()),
  );
}
