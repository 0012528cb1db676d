// Stands in for a node host where only its way back counts: it asks "hello" and tries again as OpenClaw's does, after 1 s,
// 2 s and so on up to 30 s, reset by an answer. node standInNode.mjs PORT. Prints "back" with each answer.
import { connect } from "node:net";

let pauseMs = 1_000;
const begin = () => {
  const socket = connect({ host: "127.0.0.1", port: Number(process.argv[2]), noDelay: true });
  socket.once("connect", () => socket.write("hello"));
  socket.once("data", () => {
    pauseMs = 1_000;
    console.log("back");
  });
  socket.on("error", () => {});
  socket.once("close", () => {
    setTimeout(begin, pauseMs);
    pauseMs = Math.min(2 * pauseMs, 30_000);
  });
};
begin();
