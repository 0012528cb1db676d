// Stands in for the host's SDK, so that the built plugin can be imported without OpenClaw. For `node --import`.
import { registerHooks } from "node:module";

const SDK = "data:text/javascript,export const definePluginEntry = (entry) => entry;";
registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith("openclaw/") ? { url: SDK, shortCircuit: true } : next(specifier, context),
});
await import(SDK);
