// What the Control UI tells its frames of its theme. Pure.
import { fieldOf } from "../../../../shared/jsonParts.ts";

const MESSAGE = "openclaw:widget-theme";

/** Our colours that the Control UI's own may stand for; names and states keep ours: its accent can be red. */
export const TOKENS = {
  surface: "--page",
  card: "--card",
  text: "--text",
  muted: "--muted",
  border: "--border",
} as const;

export interface Theme {
  readonly mode: "light" | "dark";
  /** Colours by the name of their token, not checked yet. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** Whether a message to the window is about the theme at all; `readTheme` says whether it can be used. */
export function isThemeMessage(data: unknown): boolean {
  return fieldOf(data, "type") === MESSAGE;
}

/** Null for what is no theme. */
export function readTheme(data: unknown): Theme | null {
  const mode = fieldOf(data, "mode");
  if (mode !== "light" && mode !== "dark") return null;
  const given = fieldOf(data, "tokens");
  const tokens = Object.keys(TOKENS).flatMap((token) => {
    const value = fieldOf(given, token);
    return typeof value === "string" ? [[token, value] as const] : [];
  });
  return { mode, tokens: Object.fromEntries(tokens) };
}
