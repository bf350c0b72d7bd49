// A host of the hostile kit: a server of `switchover/streams` on connections of Deno.
import { certified } from "./certified.mjs";
import { said, served } from "./handler.mjs";

addEventListener("unhandledrejection", (event) => (event.preventDefault(), console.error("UNHANDLED", said(event.reason))));
const stop = new AbortController();
const address = { hostname: "127.0.0.1", port: 0 };
const listener = certified ? Deno.listenTls({ ...address, ...certified }) : Deno.listen(address);
console.log("listening on", listener.addr.port);
Deno.addSignalListener("SIGINT", () => (listener.close(), stop.abort(), setTimeout(() => Deno.exit(0), 1000)));
for (let isOut = false; !stop.signal.aborted; ) {
  try {
    void served(await listener.accept(), stop.signal);
    isOut = false;
  } catch (error) {
    // A client has gone before it was accepted.
    if (error.code === "ENOTCONN" || error.code === "ECONNABORTED") continue;
    if (!isOut) console.error("accept:", said(error));
    isOut = true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
