// Whether a text is the IANA name of a time zone.

/**
 * The name itself when it is one, with the letters' case as IANA writes it where that alone is wrong; null when there
 * is no such zone. Old names (`Asia/Calcutta`) are names too; offsets (`+08:00`) are not. Known are the zones of the
 * tz database that Node carries.
 */
export function ianaTimeZone(text: string): string | null {
  if (!/^[A-Za-z]/.test(text)) return null;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions();
    // For an old name the new one is given, or the other way round: then the text stands.
    return timeZone.toLowerCase() === text.toLowerCase() ? timeZone : text;
  } catch {
    return null;
  }
}
