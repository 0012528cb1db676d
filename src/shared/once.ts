// What is made at its first use, since making it takes time or memory that not everybody needs to spend.

/** The same value at every call, made at the first one; where that throws, the next call tries again. */
export function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
