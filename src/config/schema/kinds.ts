// The kinds of values that the schema is made of; `enum` and a map by name as the host and its Settings page read best.
import * as Type from "@sinclair/typebox";

const STRING_ENUM = "NodeRouterStringEnum";

// Registering again is harmless: the module is evaluated several times in one gateway process.
Type.TypeRegistry.Set<{ enum: readonly unknown[] }>(STRING_ENUM, (schema, value) =>
  schema.enum.includes(value),
);

/**
 * One of several strings as `{ type: "string", enum }`: the host then names the allowed values in its own error,
 * which it does not for a union of constants.
 */
export function stringEnum<const Value extends string>(
  values: readonly Value[],
  options: { readonly description: string; readonly default?: Value },
): Type.TUnsafe<Value> {
  return Type.Unsafe<Value>({ ...options, [Type.Kind]: STRING_ENUM, type: "string", enum: [...values] });
}

/** Text that is not empty. @param maxLength characters. */
export function text(maxLength: number, description?: string): Type.TString {
  return Type.String({ minLength: 1, maxLength, ...(description === undefined ? {} : { description }) });
}

/**
 * An object with free keys and one shape of value, as `additionalProperties`: the host's Settings page offers
 * "add entry" for it, and TypeBox's own record is spelled `patternProperties`.
 */
export function mapOf<Value extends Type.TSchema>(
  value: Value,
  options: { readonly description: string; readonly maxProperties: number; readonly default: object },
): Type.TUnsafe<Record<string, Type.Static<Value>>> {
  const map = Type.Object({}, { ...options, additionalProperties: value });
  return Type.Unsafe<Record<string, Type.Static<Value>>>(map);
}

/** An object that accepts no other key; a key is required unless it is `Type.Optional`. */
export function closed<Properties extends Type.TProperties>(
  properties: Properties,
  options: { readonly description: string },
) {
  return Type.Object(properties, { ...options, additionalProperties: false });
}
