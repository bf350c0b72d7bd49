// The npm package's names, as far as the runner of the vectors uses them, on the component.

import { engine, profiles } from "./component/component.js";
import { Flags, IP_TEMPLATE, Lenient, Limits, UDP_PAYLOAD, UDP_TEMPLATE } from "./tables.js";

export { Flags, IP_TEMPLATE, Lenient, Limits, UDP_TEMPLATE };

export class ProtocolError extends Error {}

export class ProfileError extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const latin1 = (bytes) => String.fromCharCode(...bytes);
const lines = (headers = []) => Array.from(headers, ([name, value]) => [name, bytesOf(value)]);
const received = (fields) => fields.map(([name, value]) => [name, latin1(value)]);
const orNull = (value) => value ?? null;
// Each character of a string is a byte.
const bytesOf = (value) => (typeof value === "string" ? Uint8Array.from(value, (one) => one.charCodeAt(0)) : value);

/** Calls the component; throws its error as an error of the npm package. */
function attempt(call) {
  try {
    return call();
  } catch (error) {
    // Some versions of jco throw what the component returned, others an object that has it.
    const payload = error.payload ?? error;
    if (typeof payload === "string") throw new ProfileError(payload);
    if (payload instanceof engine.Error) throw failure(payload.fault());
    throw error;
  }
}

// Some hosts give a list of bytes as an array.
const asBytes = (list) => (list instanceof Uint8Array ? list : Uint8Array.from(list));

/** Calls a function of the component that returns bytes, as a `Uint8Array`. */
const sent = (call) => asBytes(attempt(call));

function failure({ text, code, kind, blame, status, offset }) {
  return Object.assign(new ProtocolError(text), { code, kind, blame, status: orNull(status), offset });
}

function configOf({ limits = {}, lenient = {}, ...flags }) {
  const on = (named) => Object.keys(named).filter((name) => named[name]).map(snake);
  return { limits: limitsOf(limits), lenient: on(lenient), flags: on(flags) };
}

function limitsOf(limits) {
  return Object.entries(limits).map(([name, value]) => [snake(name), BigInt(value)]);
}

function headOf({ status, reason, headers }) {
  return { status, reason: reason === undefined ? undefined : bytesOf(reason), fields: lines(headers) };
}

function requestOf(request) {
  if (request === undefined) return null;
  const { method, target, minorVersion, fields, offers } = request;
  const list = offers.tag === "ok" ? offers.val.map((offer) => ({ ...offer, ineligible: orNull(offer.ineligible) })) : [];
  const noOffer = offers.tag === "ok" ? null : offers.val;
  return { method, target, minorVersion, headers: received(fields), offers: list, noOffer };
}

function responseOf(response) {
  if (response === undefined) return null;
  const { status, reason, minorVersion, dropped, fields } = response;
  return { status, reason: latin1(reason), minorVersion, dropped, headers: received(fields) };
}

export class Prepared {
  constructor(response, content = new Uint8Array(0), config = {}) {
    this.own = attempt(() => engine.Prepared.create(headOf(response), content, configOf(config)));
  }
  free() {
    this.own[Symbol.dispose ?? Symbol.for("dispose")]?.();
  }
}

class Selection {
  constructor(own, isEarly = false) {
    Object.assign(this, { own, isEarly });
  }
  early() {
    return new Selection(this.own, true);
  }
}

export class Connection {
  constructor(role, config = {}) {
    this.own = engine.Connection.create(role, configOf(config));
  }
  free() {
    this.own[Symbol.dispose ?? Symbol.for("dispose")]?.();
  }

  receive(bytes) {
    attempt(() => this.own.receive(bytes));
  }
  // The component shares no memory, so there is nothing to receive into.
  receiveBuffer(length) {
    return (this.space = new Uint8Array(length));
  }
  commit(length) {
    this.receive(this.space.subarray(0, length));
  }
  receiveEof(end) {
    this.own.receiveEof(end);
  }
  nextEvent() {
    const { tag, val } = attempt(() => this.own.nextEvent());
    if (tag === "need-data") return { kind: tag };
    return tag === "paused" ? { kind: tag, why: val } : this.event();
  }
  event() {
    const event = this.own.event();
    if (event === undefined) return null;
    const { tag: kind, val } = event;
    if (kind === "request") return { kind, ...requestOf(this.own.request()) };
    if (kind === "informational" || kind === "response") return { kind, ...responseOf(this.own.response()) };
    if (kind === "data") return { kind, data: asBytes(val) };
    if (kind === "end-of-message") return { kind, trailers: received(val) };
    return { kind, ...val, leftover: asBytes(val.leftover), request: requestOf(this.own.request()), response: responseOf(this.own.response()) };
  }
  takeEnd() {
    return this.own.takeEnd();
  }
  takeLeftover() {
    return asBytes(this.own.takeLeftover());
  }
  passContent(length) {
    attempt(() => this.own.passContent(BigInt(length)));
  }
  handOver() {
    return sent(() => this.own.handOver());
  }
  setLimits(limits) {
    attempt(() => this.own.setLimits(limitsOf(limits)));
  }
  sendRequest({ method, target, offer = [], headers }) {
    return sent(() => this.own.sendRequest(method, target, lines(headers), offer));
  }
  sendInformational(response) {
    return sent(() => this.own.sendInformational(headOf(response)));
  }
  sendResponse(response) {
    return sent(() => this.own.sendResponse(headOf(response)));
  }
  respond(response, content = new Uint8Array(0)) {
    return sent(() => this.own.respond(headOf(response), content));
  }
  respondPrepared({ own }) {
    return sent(() => this.own.respondPrepared(own));
  }
  reject(response, content = new Uint8Array(0)) {
    return sent(() => this.own.reject(headOf(response), content));
  }
  select(preferences, order = "client") {
    const selected = this.own.select(preferences, order);
    return selected === undefined ? null : new Selection(selected);
  }
  accept({ own, isEarly }, headers) {
    return sent(() => this.own.accept(own, isEarly, lines(headers)));
  }
  require(protocols, headers) {
    return sent(() => this.own.require(protocols, lines(headers)));
  }
  advertise(protocols) {
    attempt(() => this.own.advertise(protocols));
  }
  sendData(data) {
    return sent(() => this.own.sendData(data));
  }
  sendDataParts(length) {
    const [prefix, suffix] = attempt(() => this.own.sendDataParts(BigInt(length)));
    return { prefix: asBytes(prefix), suffix: asBytes(suffix) };
  }
  sendEnd(trailers) {
    return sent(() => this.own.sendEnd(lines(trailers)));
  }
  skipContent() {
    attempt(() => this.own.skipContent());
  }
  closeAfterResponse() {
    attempt(() => this.own.closeAfterResponse());
  }
  abandon() {
    attempt(() => this.own.abandon());
  }
  resumeHttp() {
    attempt(() => this.own.resumeHttp());
  }
  release() {
    this.own.release();
  }

  get unread() {
    return asBytes(this.own.unread());
  }
  get request() {
    return requestOf(this.own.request());
  }
  get required() {
    return this.own.required();
  }
  get agreed() {
    return this.own.agreed();
  }
  get content() {
    const { content: kind, contentLength: length } = this.own.standing();
    return { kind, length };
  }
  get position() {
    return Number(this.own.standing().position);
  }
  get why() {
    return orNull(this.own.standing().why);
  }
  trace() {
    return this.own.trace();
  }

  selectSubprotocol(preferences, order) {
    const index = profiles.selectSubprotocol(this.own, preferences, order);
    return index === undefined ? null : preferences[index];
  }
  selectDeflate(own) {
    return deflateText(profiles.selectDeflate(this.own, deflateOf(own)));
  }
  get forwardable() {
    return profiles.forwardable(this.own);
  }
  get endToEnd() {
    return converted(profiles.endToEnd(this.own));
  }
  get http2Fields() {
    return converted(profiles.http2Fields(this.own));
  }
  get http2Request() {
    return converted(profiles.http2Request(this.own));
  }
  extendedConnect(protocol) {
    return converted(profiles.http2Request(this.own, protocol));
  }
}

for (const name of ["awaiting", "owes", "closing", "persists", "wantsInput", "maySpeak", "unanswered"]) {
  Object.defineProperty(Connection.prototype, name, {
    get() {
      return this.own.standing()[name];
    },
  });
}

const converted = (fields) => (fields === undefined ? null : received(fields));

function deflateOf({ serverNoContextTakeover = false, clientNoContextTakeover = false, ...bits }) {
  return { serverNoContextTakeover, clientNoContextTakeover, ...bits };
}

const deflateText = (agreed) => (agreed === undefined ? null : agreed[0]);

export const agreedDeflate = (headers) => deflateText(profiles.agreedDeflate(lines(headers)));
export const saysCapsules = (headers) => profiles.saysCapsules(lines(headers));
export const mayForward = (protocol) => profiles.mayForward(protocol);
export const websocketKey = (nonce) => profiles.websocketKey(nonce);
export const checkHttp2 = (status, headers) => orNull(profiles.checkHttp2(status ?? undefined, lines(headers)));
export const http1Fields = (authority, headers, key) =>
  received(attempt(() => profiles.http1Fields(authority, lines(headers), key)));

export function udpTarget(template, target) {
  const found = profiles.udpTarget(template, target);
  return found === undefined ? null : { host: found[0], port: found[1] };
}

export function ipTarget(template, target) {
  const found = profiles.ipTargetOf(template, target);
  return found === undefined ? null : { target: orNull(found.target), protocol: orNull(found.protocol) };
}

function written(datagram) {
  const capsule = profiles.writeDatagram(datagram);
  if (!capsule) throw new RangeError("a context of more than 62 bits");
  return capsule;
}

export class Capsules {
  own = new profiles.Capsules(BigInt(UDP_PAYLOAD));
  receive(bytes) {
    this.own.receive(bytes);
  }
  nextDatagram() {
    const datagram = attempt(() => this.own.nextDatagram());
    return datagram === undefined ? null : { ...datagram, payload: asBytes(datagram.payload), write: () => written(datagram) };
  }
  finish() {
    attempt(() => this.own.finish());
  }
  free() {}
}

export class Splice {
  constructor(connection, content, trailers) {
    this.own = attempt(() => profiles.Splice.create(connection.own, content, lines(trailers)));
  }
  clientSent(bytes) {
    this.own.clientSent(bytes);
  }
  engineSent(bytes) {
    this.own.engineSent(bytes);
  }
  clientEnded() {
    this.own.clientEnded();
  }
  takeForEngine() {
    return asBytes(this.own.takeForEngine());
  }
  takeForClient() {
    return asBytes(this.own.takeForClient());
  }
  get isDone() {
    return this.own.standing().isDone;
  }
  get isWaiting() {
    return this.own.standing().isWaiting;
  }
  get wantsClient() {
    return this.own.standing().wantsClient;
  }
  free() {}
}
