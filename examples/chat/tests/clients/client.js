// Sends messages until stdin ends, each until it is acknowledged. Arguments: URL, token, prefix of identifiers.
const { io } = require("socket.io-client");

const [url, token, prefix] = process.argv.slice(2);
const socket = io(url, {
  transports: ["websocket"],
  auth: { token },
  reconnectionDelay: 50,
  reconnectionDelayMax: 500,
});
let stopped = false;
process.stdin.on("end", () => (stopped = true)).resume();
socket.on("connect", () => {
  console.log("connected");
  socket.emit("join", "harbour", () => {});
});
socket.on("connect_error", (error) => console.log(`refused ${error.message}`));
socket.on("disconnect", (reason) => console.log(`disconnected ${reason}`));
socket.on("server:draining", () => console.log("draining"));
socket.on("said", (message) => console.log(`said ${message.id}`));

async function say(id) {
  for (;;) {
    try {
      const answer = await socket.timeout(1000).emitWithAck("say", { id, room: "harbour", text: "ahoy" });
      if (answer.ok) return;
    } catch {
      // Not acknowledged: send it again.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

(async () => {
  for (let number = 0; !stopped; number += 1) {
    await say(`${prefix}-${number}`);
    console.log(`acknowledged ${prefix}-${number}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  console.log(`done ${socket.connected}`);
  socket.disconnect();
})();
