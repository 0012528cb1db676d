// fast-check as every test gets it (vitest.config.ts): with one seed for all, so that a change is judged by itself and not by luck.
import fc from "../../node_modules/fast-check/lib/fast-check.js";

/** `NODE_ROUTER_SEED`: another number, or `random` to look for what nobody has found yet. */
const { NODE_ROUTER_SEED: given = "1" } = process.env;

if (given !== "random") fc.configureGlobal({ seed: Number(given) });

export * from "../../node_modules/fast-check/lib/fast-check.js";
export default fc;
