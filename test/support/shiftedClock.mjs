// Loaded before a gateway (NODE_OPTIONS="--import=…"): its clock is as many ms off as the file NODE_ROUTER_TEST_CLOCK says, from then on.
import { readFileSync } from "node:fs";

const { NODE_ROUTER_TEST_CLOCK: file = "" } = process.env;
const RealDate = Date;
let shiftMs = 0;

function look() {
  try {
    shiftMs = Number(readFileSync(file, "utf8")) || 0;
  } catch {
    // Nobody has set it yet.
  }
}

const now = () => RealDate.now() + shiftMs;

if (file !== "") {
  look();
  setInterval(look, 100).unref();
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, as) => Reflect.construct(target, args.length === 0 ? [now()] : args, as),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  });
}
