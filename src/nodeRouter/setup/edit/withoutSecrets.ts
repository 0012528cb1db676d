// The plugin's config without its secrets: what may be shown, kept in a repository and written elsewhere. Pure.
import { isRecord } from "../../../shared/isRecord.ts";

/** Keys whose text is the secret itself, in entries of `nodes` and `peers`. */
const SECRET_KEYS: readonly string[] = ["identityData", "passphrase", "token"];

/** Variables of commands on a node (`nodes.<n>.env`) that are called as secrets are: they should not be there, and may be. */
const SECRET_NAME =
  /TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|(^|_)(API|ACCESS|PRIVATE)?_?KEY$|(^|_)PAT$|(^|_|SSH|PG)PASS$|_PWD$/i;
const ENV_PATH = /^nodes\..+\.env$/s;

/** A text that only names where the secret is. */
const REFERENCE = /^\$\{[A-Z_][A-Z0-9_]*\}$/;

/**
 * The same data without the secrets that stand in it as text. References to secrets stay.
 * @param left is given the path of each that was left out, e.g. `peers.gw-cn.token`.
 */
export function withoutSecrets(value: unknown, left: (path: string) => void = () => {}, path = ""): unknown {
  if (Array.isArray(value)) return value.map((item, at) => withoutSecrets(item, left, `${path}[${at}]`));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => {
      const below = path === "" ? key : `${path}.${key}`;
      const isNamed = SECRET_KEYS.includes(key) || (ENV_PATH.test(path) && SECRET_NAME.test(key));
      const isSecret = typeof one === "string" && ((isNamed && !REFERENCE.test(one)) || isSecretAddress(one));
      if (isSecret) left(below);
      return isSecret ? [] : [[key, withoutSecrets(one, left, below)]];
    }),
  );
}

/** An address with a password in it, or with a parameter that is called as secrets are. */
function isSecretAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { password, searchParams } = new URL(text);
  const isText = (value: string): boolean => value !== "" && !REFERENCE.test(value);
  return (
    isText(password.replace(/%7B/i, "{").replace(/%7D/i, "}")) ||
    [...searchParams].some(([name, value]) => SECRET_NAME.test(name) && isText(value))
  );
}

/** The same data without keys that hold secrets, also where it is only named where the secret is. */
export function withoutSecretKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretKeys);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) =>
      SECRET_KEYS.includes(key) ? [] : [[key, withoutSecretKeys(one)]],
    ),
  );
}
