// A gateway: passes on each request with its offer, and what comes of it: `gateway.mjs BACKEND-PORT [PORT]`.
import { connect, createServer } from "node:net";
import process from "node:process";
import { endToEndFields } from "switchover";
import { serveConnection, upgrade } from "switchover/streams";

const [backend = 80, port = 0] = process.argv.slice(2).map(Number);
const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, forward));
server.listen(port, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));

/** @type {import("switchover/streams").Handler} */
async function forward(request) {
  const { method, target, connection } = request;
  if (method === "CONNECT") return { status: 501 };
  const content = passing(request.body);
  const headers = [...forwarded(request.fields), ["Host", connection.authority ?? "localhost"], ["Via", "1.1 gateway"], ["Connection", "close"]];
  /** @param {import("switchover").InformationalEvent} response */
  const informational = (response) => void request.sendInformational({ status: response.status, headers: forwarded(response.headers) });
  const socket = connect(backend, "127.0.0.1");
  const { signal } = request;
  // A client that has only ended its direction still reads: `cause` is there if the connection has failed.
  const left = () => void (signal.reason.cause && socket.destroy());
  if (signal.aborted) left();
  signal.addEventListener("abort", left);
  const asked = { method, target, headers: /** @type {[string, string][]} */ (headers), body: content.body };
  const answer = await upgrade(socket, asked, { offer: connection.forwardable, informational }).catch(() => void socket.destroy());
  // The client is told of its own faults by `serveConnection`.
  if (!answer && content.fault) throw content.fault.reason;
  if (!answer) return { status: 502 };
  if (answer.protocol === null) return declined(answer);
  let client;
  try {
    // A backend may switch before it has the whole content.
    await content.isOver;
    client = await request.upgrade([answer.protocol], forwarded(answer.response?.fields ?? []));
  } finally {
    if (!client) answer.close();
  }
  if (!client) return { status: 502 };
  await Promise.all([client.readable.pipeTo(answer.writable), answer.readable.pipeTo(client.writable)]);
}

/** Returns the response of a backend that has not switched. @param {import("switchover/streams").Declined} answer */
async function declined({ response, required }) {
  const { fields, body } = response;
  // A status that no class has counts as a 500 (RFC 9110, section 15).
  const { status, reason } = response.status < 600 ? response : { status: 500, reason: "" };
  // Content in another coding is of use to nobody without its field, which is for one hop.
  if (fields.getAll("transfer-encoding").some((coding) => !/^chunked$/i.test(coding))) {
    await body?.cancel();
    return { status: 502 };
  }
  const passed = { status, reason, headers: forwarded(fields), body };
  if (required.length > 0) return { ...passed, requires: required };
  // A 426 has to name a protocol (RFC 9110, section 15.5.22).
  return status === 426 ? { ...passed, status: 400 } : passed;
}

/**
 * Returns the end-to-end fields to pass on, without `Host` and `Trailer`.
 *
 * `forward` adds a `Host` that fits the target.
 * @param {import("switchover").HeaderSource} fields
 */
function forwarded(fields) {
  return [...endToEndFields(fields)].filter(([name]) => !/^(host|trailer)$/i.test(name));
}

/**
 * Returns content to pass on, with a promise of its end.
 *
 * `isOver` resolves when the content has ended or failed; `fault` then has the reason of a failure.
 * @param {ReadableStream<Uint8Array> | null} body
 */
function passing(body) {
  /** @type {() => void} */
  let end = () => {};
  /** @type {{ body: AsyncIterable<Uint8Array> | null, isOver: Promise<void>, fault?: { reason: unknown } }} */
  const content = { body: body && pieces(body), isOver: new Promise((resolve) => (end = resolve)) };
  if (!body) end();
  return content;

  /** @param {ReadableStream<Uint8Array>} body */
  async function* pieces(body) {
    try {
      yield* body;
    } catch (reason) {
      content.fault = { reason };
      throw reason;
    } finally {
      end();
    }
  }
}
