// Says in one sentence what is wrong with the shape of a value. Never shows a value that may be a secret.
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { isRecord } from "../../shared/isRecord.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { PathSegment } from "../problems/path.ts";
import type { ConfigProblemCode } from "../problems/problem.ts";

interface StructureProblem {
  readonly code: ConfigProblemCode;
  readonly message: string;
  readonly suggestion: string | null;
}

/** Keys that other tools use for the same thing, too far from ours for edit distance to find. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  ["labels", "tags"],
  ["hosts", "nodes"],
  ["policies", "rules"],
  ["selector", "require"],
  ["fallback", "onUnavailable"],
  ["key", "identityFile"],
  ["keyFile", "identityFile"],
  ["privateKey", "identityData"],
]);

const MAX_SHOWN_LENGTH = 60;

/** What is wrong at `segments`; the path itself is not part of the message. */
export function describeStructure(error: ValueError, segments: readonly PathSegment[]): StructureProblem {
  const { schema, type, value } = error;
  const secret = segments.includes("identityData") || segments.includes("passphrase");
  switch (type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return unknownKey(String(segments.at(-1)), keysOf(schema.properties));
    case ValueErrorType.ObjectRequiredProperty:
      return { code: "MISSING_KEY", message: "must be set", suggestion: null };
    case ValueErrorType.Kind:
      return notAllowed(schema.enum, value, secret);
    case ValueErrorType.StringMinLength:
      return outOfRange("must not be empty");
    case ValueErrorType.StringMaxLength:
      return outOfRange(`must have at most ${schema.maxLength} characters, has ${String(value).length}`);
    case ValueErrorType.ArrayMinItems:
      return outOfRange("must not be empty");
    case ValueErrorType.ArrayMaxItems:
      return outOfRange(`must have at most ${schema.maxItems} items, has ${keysOf(value).length}`);
    case ValueErrorType.ObjectMaxProperties:
      return outOfRange(`must have at most ${schema.maxProperties} entries, has ${keysOf(value).length}`);
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMinimum:
    case ValueErrorType.NumberMaximum:
      return outOfRange(`must be between ${schema.minimum} and ${schema.maximum}, is ${String(value)}`);
    default:
      return wrongType(expected(schema), value);
  }
}

function unknownKey(key: string, known: readonly string[]): StructureProblem {
  const other = OTHER_WORDS.get(key);
  const suggestion =
    other !== undefined && known.includes(other) ? `did you mean ${quote(other)}?` : didYouMean(key, known);
  return { code: "UNKNOWN_KEY", message: `unknown key ${quote(shortened(key))}`, suggestion };
}

function notAllowed(allowed: readonly string[], value: unknown, secret: boolean): StructureProblem {
  const wanted = allowed.map(quote).join(" or ");
  if (typeof value !== "string") return wrongType(wanted, value);
  const found = secret ? "" : `, is ${quote(shortened(value))}`;
  return {
    code: "NOT_ALLOWED",
    message: `must be ${wanted}${found}`,
    suggestion: didYouMean(value, allowed),
  };
}

function outOfRange(message: string): StructureProblem {
  return { code: "OUT_OF_RANGE", message, suggestion: null };
}

/** Names only the type of what was found: the value may be a secret in the wrong place. */
function wrongType(wanted: string, value: unknown): StructureProblem {
  return { code: "WRONG_TYPE", message: `must be ${wanted}, is ${typeName(value)}`, suggestion: null };
}

function expected(schema: ValueError["schema"]): string {
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(expected).join(" or ");
  if (schema.const !== undefined) return String(schema.const);
  const type: unknown = schema.type;
  if (type === "boolean") return "true or false";
  return type === "string"
    ? "text"
    : type === "array"
      ? "a list"
      : `a${type === "number" ? "" : "n"} ${String(type)}`;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isInteger(value) ? "a number" : numberName(value);
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return String(value);
  return typeof value === "object" ? "an object" : "missing";
}

function numberName(value: number): string {
  return Number.isFinite(value) ? "a number with a fraction" : String(value);
}

function shortened(text: string): string {
  return text.length <= MAX_SHOWN_LENGTH ? text : `${text.slice(0, MAX_SHOWN_LENGTH)}…`;
}

function keysOf(value: unknown): string[] {
  return isRecord(value) || Array.isArray(value) ? Object.keys(value) : [];
}
