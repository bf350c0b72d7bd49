// TLS by upgrade in Deno: `tls.deno.mjs PORT CERTIFICATE` prints the response that it received over TLS.

import { upgrade } from "switchover/streams";

const [port, certificate] = Deno.args;
const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
const request = { target: "/secret", headers: { Host: "localhost" } };
const switched = await upgrade(socket, request, { offer: ["TLS/1.2, HTTP/1.1"], resumes: true });
if (switched.protocol === null) throw new Error("declined");
const secured = await switched.startTls({ hostname: "localhost", caCerts: [Deno.readTextFileSync(certificate ?? "")] });
const answer = await switched.resume(secured);
console.log(answer.status, await answer.text(), answer.persists);
