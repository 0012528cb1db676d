// What `npm audit --json` says about the packages that are in the bundle.

/** `lines`: for a person. `exitCode`: 0 nothing known, 1 a bundled package has a known vulnerability, 2 not audited. */
export interface Audit {
  readonly exitCode: 0 | 1 | 2;
  readonly lines: readonly string[];
}

interface Advisory {
  readonly name?: string;
  readonly title?: string;
  readonly url?: string;
  readonly severity?: string;
}

interface Vulnerability {
  readonly name: string;
  readonly severity?: string;
  /** Its own advisories, and names of packages that it has others from. */
  readonly via?: readonly (Advisory | string)[];
}

interface Answer {
  readonly vulnerabilities?: Readonly<Record<string, Vulnerability>> | null;
  readonly message?: string;
  readonly error?: { readonly summary?: string };
}

/** Packages that npm resolved beside the bundled ones are not in the bundle, so what is known of them is left out. */
export function vulnerabilitiesOf(output: string, bundled: readonly { readonly name: string }[]): Audit {
  const answer = parsed(output);
  if (typeof answer?.vulnerabilities !== "object" || answer.vulnerabilities === null) {
    const reason = answer?.message ?? answer?.error?.summary ?? "";
    const seen = reason === "" ? "" : `: ${reason}`;
    return { exitCode: 2, lines: [`node-router: NOT audited: the registry gave no audit${seen}`] };
  }
  const names = new Set(bundled.map(({ name }) => name));
  const found = Object.values(answer.vulnerabilities).flatMap(({ name, severity, via = [] }) =>
    via
      .filter((cause) => typeof cause !== "string")
      .map((cause) => ({ name, severity, ...cause }))
      .filter((cause) => names.has(cause.name))
      .map((cause) => `${cause.severity}: ${cause.name}: ${cause.title} (${cause.url})`),
  );
  const lines = [...new Set(found)].sort();
  if (lines.length > 0) return { exitCode: 1, lines };
  const clean = `node-router: no known vulnerability in ${bundled.length} bundled packages`;
  return { exitCode: 0, lines: [clean] };
}

function parsed(text: string): Answer | null {
  try {
    return JSON.parse(text) as Answer | null;
  } catch {
    return null;
  }
}
