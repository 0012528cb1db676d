// Everything that stands on ssh2, which is a third of the bundle: one module, loaded when SSH is first used.
export { processEnv } from "./connect/base/env.ts";
export { connect } from "./connect/connect.ts";
export { resolveTarget } from "./connect/hops.ts";
export { trustNode } from "./connect/trust.ts";
export { probeNode } from "./probe.ts";
