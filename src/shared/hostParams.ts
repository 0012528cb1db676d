// A tool call's parameter under every name by which OpenClaw reads it. Pure.

type Params = Readonly<Record<string, unknown>>;

/** What two names of one parameter have in common: OpenClaw takes `out_path` for `outPath`. */
export function foldParam(name: string): string {
  return name.replaceAll("_", "").trim().toLowerCase();
}

/** What stands under the parameter's name in any spelling: where several do, nobody guesses which one counts. */
export function paramValues(params: Params, name: string): readonly unknown[] {
  const wanted = foldParam(name);
  return Object.entries(params).flatMap(([key, value]) => (foldParam(key) === wanted ? [value] : []));
}

/** The value that OpenClaw takes: under the very name, else in another spelling (`readSnakeCaseParamRaw`, 2026.9.6). */
export function paramValue(params: Params, name: string): unknown {
  return Object.hasOwn(params, name) ? params[name] : paramValues(params, name)[0];
}
