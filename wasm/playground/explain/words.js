// The words of the explanations: of statuses, fields, decisions, and of what the engine waits for.

/**
 * An explanation of a field: its words, and the section that they follow.
 *
 * The words may depend on the field's value, and on the line of the event that has the field.
 * @typedef {[string | ((value: string, step: string) => string), string]} Entry
 */

/** @type {Record<string, [string, string]>} */
export const STATUSES = {
  100: ["The client may send its content now.", "RFC 9110, 15.2.1"],
  101: ["The server accepts the offer. The new protocol begins after this head.", "RFC 9110, 15.2.2"],
  204: ["A final response without content.", "RFC 9110, 15.3.5"],
  304: ["A final response without content.", "RFC 9110, 15.4.5"],
  400: ["The server does not process the request, because it takes it for faulty.", "RFC 9110, 15.5.1"],
  426: ["The server requires one of the protocols in its Upgrade field. The connection stays HTTP/1.1.", "RFC 9110, 15.5.22"],
};

/** Returns whether the line of an event is that of a request. @param {string} step */
const isRequest = (step) => step.startsWith("request");

/** The fields that the engine or its users act on. @type {Record<string, Entry>} */
export const FIELDS = {
  host: ["The authority that the request is for. A request of HTTP/1.1 has exactly one; the engine checks its form.", "RFC 9112, 3.2"],
  connection: [explainConnection, "RFC 9110, 7.6.1"],
  upgrade: [explainUpgrade, "RFC 9110, 7.8"],
  "content-length": [
    (value, step) => `The content has ${shortened(value)} bytes. ${isRequest(step) ? "What follows begins right after them." : "In an answer to HEAD, and in a 304, none of them come."}`,
    "RFC 9110, 8.6",
  ],
  "transfer-encoding": [
    (value) =>
      /chunked\s*$/i.test(value)
        ? "The content comes in chunks, each with its size before it. A chunk of size 0 ends it."
        : "The content is coded. Without chunked at the end, a response ends with its connection, and a request is refused.",
    "RFC 9112, 6.3",
  ],
  expect: ["The client may wait for a 100 before it sends its content. A final response ends the wait, too.", "RFC 9110, 10.1.1"],
  te: ["The transfer codings that the client takes. The engine passes it on.", "RFC 9110, 10.1.4"],
  "http2-settings": ["The client's SETTINGS of HTTP/2, in base64url. An offer of h2c needs exactly one, and Connection must list it. HTTP/2's newer text has deprecated this way.", "RFC 7540, 3.2.1"],
  "sec-websocket-key": ["Sixteen bytes in base64. The server answers with a hash that is made of this text.", "RFC 6455, 11.3.1"],
  "sec-websocket-accept": ["A hash that is made of the client's key. The engine computes it, and as a client compares it.", "RFC 6455, 11.3.3"],
  "sec-websocket-version": [(_, step) => (isRequest(step) ? "The version of WebSocket. The engine accepts 13." : "The versions of WebSocket that the server takes."), "RFC 6455, 4.4"],
  "sec-websocket-protocol": [(_, step) => (isRequest(step) ? "The subprotocols that the client would speak." : "The subprotocol that the server has chosen."), "RFC 6455, 11.3.4"],
  "sec-websocket-extensions": [(_, step) => (isRequest(step) ? "The extensions that the client offers." : "The extensions that the server takes. It may take none that was not offered."), "RFC 6455, 9.1"],
  "content-type": ["The engine passes it on. It reads it only where a profile needs it.", "RFC 9110, 8.3"],
  trailer: ["It announces trailer fields. The engine passes it on, and takes trailers without it, too.", "RFC 9110, 6.6.2"],
  date: ["The time of the message. The engine passes it on.", "RFC 9110, 6.6.1"],
};

/** @param {string} value */
function explainConnection(value) {
  const options = value.toLowerCase().split(",").map((option) => option.trim());
  const words = ["Options for this hop alone."];
  if (options.includes("upgrade")) words.push("With upgrade, the Upgrade field is meant for the recipient of this message.");
  if (options.includes("close")) words.push("With close, the connection ends after the response.");
  if (options.includes("keep-alive")) words.push("With keep-alive, HTTP/1.0 goes on, too.");
  if (options.includes("http2-settings")) words.push("With HTTP2-Settings, that field goes no further.");
  return words.join(" ");
}

/** @param {string} value @param {string} step */
function explainUpgrade(value, step) {
  if (!isRequest(step)) return `It names ${shortened(value)}: what the server switches to, requires, or would take.`;
  const [, none] = /offers nothing \(([^)]*)\)/.exec(step) ?? [];
  if (none !== undefined) return `It is no offer here: ${of(NO_OFFER, none) ?? none}. The request is answered in HTTP/1.1.`;
  const [, list = ""] = / offers \[([^\]]*)\]/.exec(step) ?? [];
  const words = ["An offer, in the order of the client's preference. The server may take one, or answer in HTTP/1.1."];
  for (const entry of list.split(", ")) {
    const [protocol = "", why] = entry.split("!");
    if (why !== undefined) words.push(`${shortened(protocol)} cannot be accepted: ${of(INELIGIBLE, why) ?? why}.`);
  }
  return words.join(" ");
}

/** The reasons for which a request offers nothing, by their names. @type {Record<string, string>} */
export const NO_OFFER = {
  "http-1.0": "an offer in HTTP/1.0 is ignored",
  "no-connection-option": "Connection does not list upgrade, so the offer was not meant for this hop",
  malformed: "the field is not a list of protocol names",
  "too-many": "it names more protocols than the limit",
  connect: "the request is a CONNECT, which only a 2xx switches",
};

/** The reasons for which a protocol cannot be accepted, by their names. @type {Record<string, string>} */
export const INELIGIBLE = {
  method: "it cannot be offered with this method",
  key: "the Sec-WebSocket-Key is not one base64 of 16 bytes",
  version: "the Sec-WebSocket-Version is not 13",
  subprotocol: "the Sec-WebSocket-Protocol is not a list of distinct names",
  extension: "the Sec-WebSocket-Extensions is malformed",
  content: "the request has content that the protocol does not allow, or too much of it",
  head: "the head is too large to be answered in HTTP/2",
  secure: "it cannot be switched to over TLS",
  settings: "the HTTP2-Settings are missing, repeated or not legal",
  "not-listed": "Connection does not list the protocol's own field",
};

/** The tasks of the caller at each pause, by its name. @type {Record<string, string>} */
export const WAITS = {
  decision: "The request has an offer. Nothing after it is read before your code accepts it, or answers in HTTP/1.1.",
  answer: "Your code owes the response. The next request is not read before it is whole.",
  switched: "The peer speaks the new protocol. Take the leftover, and give the connection to the new protocol.",
  closed: "HTTP has ended in both directions. Close the transport.",
};

/** The effects of the decisions, by their verbs. @type {Record<string, [string, string]>} */
export const DECIDED = {
  request: ["Your code sends a request. With an offer, the server may switch the protocol.", "RFC 9112, 3"],
  accept: ["Your code accepts one of the offered protocols. The engine writes a 101 that names it.", "RFC 9110, 7.8"],
  "accept-early": ["Your code accepts the offer before the content has come. The rest of it still comes as HTTP.", "RFC 9110, 7.8"],
  respond: ["Your code sends a whole response. An offer that is open is declined by it.", "RFC 9110, 15"],
  response: ["Your code sends the head of a response. Its content follows.", "RFC 9110, 15"],
  prepared: ["Your code sends a response whose bytes were prepared before.", "RFC 9110, 15"],
  inform: ["Your code sends an interim response. The final one is still owed.", "RFC 9110, 15.2"],
  require: ["Your code answers with a 426. It names the protocols that would do.", "RFC 9110, 15.5.22"],
  advertise: ["Later responses name these protocols in their Upgrade field.", "RFC 9110, 7.8"],
  reject: ["Your code answers whatever is owed, and the connection ends.", "RFC 9112, 9.6"],
  data: ["Your code sends a piece of the content. The engine frames it.", "RFC 9112, 6"],
  end: ["Your code ends the content, with trailers if there are any.", "RFC 9112, 6"],
  skip: ["Your code wants no more of the content. The engine reads past it.", ""],
  close: ["The connection ends after the response.", "RFC 9112, 9.6"],
  take: ["Your code takes the bytes of the new protocol that have come.", "RFC 9110, 7.8"],
  resume: ["HTTP goes on inside the new protocol, such as TLS.", "RFC 2817, 3.3"],
  abandon: ["Your code gives the connection up.", ""],
  "hand-over": ["Your code takes the transport and every unread byte.", ""],
  select: ["Your code asks which of its protocols is offered. Nothing is sent.", "RFC 9110, 7.8"],
};

/**
 * Returns the table's own entry for a name; `undefined` if it has none.
 *
 * A name comes from the peer, and may be one that all objects inherit, such as `constructor`.
 * @template T @param {Record<string, T>} table @param {string} name @returns {T | undefined}
 */
export function of(table, name) {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** @param {string} text */
export function shortened(text) {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
