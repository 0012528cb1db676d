// Light or dark, as the Control UI around us is; alone, as the system asks for (page.css does that).
import { isThemeMessage, readTheme, type Theme, TOKENS } from "./themeMessage.ts";

/** The Control UI tells its theme when we load and whenever it changes. @param onTheme so that it can be kept. */
export function followTheme(onTheme: (theme: Theme) => void): void {
  if (window.parent === window) return;
  window.addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
    if (source !== window.parent || !isThemeMessage(data)) return;
    const theme = readTheme(data);
    if (theme === null) return;
    applyTheme(theme);
    onTheme(theme);
  });
}

/** Sets the host's colours on the document; what is no colour falls back to our own. */
export function applyTheme({ mode, tokens }: Theme): void {
  const root = document.documentElement;
  root.dataset.theme = mode;
  for (const [token, property] of Object.entries(TOKENS)) {
    const value = tokens[token];
    if (value !== undefined && CSS.supports("color", value)) root.style.setProperty(property, value);
    else root.style.removeProperty(property);
  }
}
