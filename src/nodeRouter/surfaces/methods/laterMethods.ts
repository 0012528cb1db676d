// What methods need that no call waits for, in one file: each file that loads later cuts those of the start into more.
export { runDoctor } from "../doctor/doctor.ts";
export { cordon, drain, drained, uncordon } from "./cordonMethods.ts";
export { describeOne } from "./describeMethod.ts";
export { editConfig } from "./editMethod.ts";
export { explainDelegation } from "./explainDelegation.ts";
export { exportConfig } from "./exportMethod.ts";
export { calls, newestCalls, verify } from "./ledgerMethods.ts";
export {
  cancelDelegation,
  delegations,
  endDelegation,
  peers,
  peersOverview,
  probePeer,
  retryDelegation,
  showDelegation,
} from "./peerMethods.ts";
export { peerSetup } from "./peerSetup.ts";
export { ping } from "./pingMethod.ts";
export { planCordon } from "./planCordon.ts";
export { planDocument, tryTests } from "./planMethods.ts";
export { setupMethod } from "./setupMethod.ts";
export { suppose } from "./supposed.ts";
export { usage, usageOverview } from "./usageMethod.ts";
