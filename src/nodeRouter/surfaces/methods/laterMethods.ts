// What methods need that no call waits for, in one file: each file that loads later cuts those of the start into more.
export { runDoctor } from "../doctor/doctor.ts";
export { cordon, drain, drained, uncordon } from "./cordonMethods.ts";
export { calls, newestCalls, verify } from "./ledgerMethods.ts";
export { planDocument, tryTests } from "./planMethods.ts";
export { setupMethod } from "./setupMethod.ts";
export { suppose } from "./supposed.ts";
