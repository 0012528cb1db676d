// What a text is that should be a private key and is none that can be used, and how to mend that. Pure.

/** A key's text is some kilobytes at most: what is longer is looked at no further. */
const MAX_LOOKED_AT = 1 << 16;

type Format = readonly [test: RegExp, reason: string];

/** By how the text begins. */
const OTHERS: readonly Format[] = [
  [/^PuTTY-User-Key-File-/, 'is in PuTTY\'s format; "puttygen FILE -O private-openssh -o NEW" converts it'],
  [
    /^---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY/,
    'is in SSH.com\'s format; "ssh-keygen -i -f FILE" converts it',
  ],
  [
    /^SSH PRIVATE KEY FILE FORMAT 1/,
    "is a key of SSH 1, which no server takes any more; make one with ssh-keygen",
  ],
  [/^(?:---- BEGIN SSH2|-----BEGIN(?: RSA)?) PUBLIC KEY/, "is a public key; name the private key"],
  [/^-----BEGIN CERTIFICATE/, "is an X.509 certificate; name a private key of SSH"],
  [/^-----BEGIN PGP /, "is an OpenPGP key; export one for SSH, or use gpg-agent as the agent"],
  [/^AGE-SECRET-KEY-/, "is a key of age, not of SSH"],
  [/^LS0tLS1CRUdJTi/, "is a key in base64; decode it (base64 -d)"],
];

const DAMAGES: readonly Format[] = [
  // UTF-16, as PowerShell's ">" writes it.
  [/-\0-\0-/, "is UTF-16 text; save it as UTF-8"],
  [/\0/, "is binary; a key is text"],
  [/-----BEGIN [A-Z ]*KEY-----\\n/, 'holds "\\n" where its lines should end; give it real line ends'],
  [/-----BEGIN [A-Z ]*KEY----- +[A-Za-z0-9+/]/, "has lost its line ends; give it back as it was"],
  [/^["']/, "has quotes around it; remove them"],
  [/^-----BEGIN [A-Z ]*KEY-----(?![\s\S]*\n[ \t]*-----END )/, "is cut off: its last line is missing"],
  [/[ \t]-----(?:BEGIN|END) /, "has blanks before its lines; remove them"],
  [/-----BEGIN /, "has other text around the key; leave only the lines from BEGIN to END"],
];

/** Why no key could be read from this text, as the rest of a sentence about it. */
export function whyNoKey(text: string): string {
  const head = text.slice(0, MAX_LOOKED_AT);
  if (head.trim() === "") return "is empty";
  const damage = DAMAGES.find(([test]) => test.test(head.trimEnd()));
  return otherFormat(head) ?? damage?.[1] ?? "is no private key";
}

/** What it is instead; null: nothing that is known. */
export function otherFormat(text: string): string | null {
  const head = text.slice(0, MAX_LOOKED_AT).trim();
  return OTHERS.find(([test]) => test.test(head))?.[1] ?? null;
}

/** Why a key of this type is not used although it is one; null: nothing speaks against it. */
export function whyNotType(type: string): string | null {
  if (/^sk-/.test(type)) {
    return `is of a security key (${type}), which needs a person at the device; make one with ssh-keygen -t ed25519`;
  }
  if (/-cert-v\d+@/.test(type)) {
    return `is a certificate (${type}), which is not supported; name the private key`;
  }
  // Gone from OpenSSH, and no server of ours should take it.
  if (type === "ssh-dss")
    return "is a DSA key, which no server takes any more; make one with ssh-keygen -t ed25519";
  return null;
}
