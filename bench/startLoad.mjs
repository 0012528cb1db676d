// One measurement in a process of its own: what importing a module of the built plugin takes. Prints one line of JSON.
// Plain JavaScript, since Node's stripping of types would be loaded before. Argument: path of the module.
// Loaded before, too: node:http, which a gateway has, and a stand-in for the host's SDK.
import "node:http";
import { pathToFileURL } from "node:url";
import "./standInHost.mjs";

const { href } = pathToFileURL(process.argv[2] ?? "");
const rssBefore = process.memoryUsage.rss();
const cpuBefore = process.cpuUsage();
await import(href);
const { user, system } = process.cpuUsage(cpuBefore);
const rss = process.memoryUsage.rss() - rssBefore;
console.log(JSON.stringify({ cpuMs: (user + system) / 1e3, rssMb: rss / 1e6 }));
