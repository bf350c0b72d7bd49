// Made from the core's tables by `BLESS=1 wasm/tests/run`; do not edit.
//
// For each enum a constant that maps every name to its number, in the order of the numbers, and the
// union of the names.

/** Which end the engine is. */
export const Role = {
  client: 0,
  server: 1,
} as const;
/** Which end the engine is. */
export type Role = keyof typeof Role;

/** How far a message has come. */
export const Phase = {
  idle: 0,
  body: 1,
  done: 2,
  aborted: 3,
} as const;
/** How far a message has come. */
export type Phase = keyof typeof Phase;

/** The peer's direction. */
export const Rx = {
  open: 0,
  closed: 1,
  switched: 2,
  failed: 3,
} as const;
/** The peer's direction. */
export type Rx = keyof typeof Rx;

/** Our direction. */
export const Tx = {
  open: 0,
  closed: 1,
  switched: 2,
} as const;
/** Our direction. */
export type Tx = keyof typeof Tx;

/** The effect of the latest request on the connection. */
export const UpgradeState = {
  none: 0,
  offered: 1,
  connect: 2,
  agreed: 3,
  declined: 4,
  resumed: 5,
} as const;
/** The effect of the latest request on the connection. */
export type UpgradeState = keyof typeof UpgradeState;

/** The client's `Expect: 100-continue`. */
export const Expect = {
  none: 0,
  owed: 1,
  begun: 2,
} as const;
/** The client's `Expect: 100-continue`. */
export type Expect = keyof typeof Expect;

/** The version that the client of a server speaks. */
export const ClientVersion = {
  unknown: 0,
  "1.0": 1,
  "1.1": 2,
} as const;
/** The version that the client of a server speaks. */
export type ClientVersion = keyof typeof ClientVersion;

/** Whom the engine waits for; set deadlines by it. */
export const Awaiting = {
  caller: 0,
  request: 1,
  content: 2,
  response: 3,
  continue: 4,
  nothing: 5,
  head: 6,
} as const;
/** Whom the engine waits for; set deadlines by it. */
export type Awaiting = keyof typeof Awaiting;

/** How to close the transport. */
export const Closing = {
  close: 0,
  linger: 1,
  reset: 2,
} as const;
/** How to close the transport. */
export type Closing = keyof typeof Closing;

/** What the peer waits for that only your code can send. */
export const Owes = {
  nothing: 0,
  continue: 1,
  response: 2,
  content: 3,
} as const;
/** What the peer waits for that only your code can send. */
export type Owes = keyof typeof Owes;

/** How the end of content is found. */
export const ContentKind = {
  none: 0,
  length: 1,
  chunked: 2,
  "until-close": 3,
} as const;
/** How the end of content is found. */
export type ContentKind = keyof typeof ContentKind;

/** The kinds of event. */
export const EventKind = {
  request: 0,
  informational: 1,
  response: 2,
  data: 3,
  "end-of-message": 4,
  switched: 5,
} as const;
/** The kinds of event. */
export type EventKind = keyof typeof EventKind;

/** What your code has to do before receiving goes on. */
export const Paused = {
  decision: 0,
  answer: 1,
  switched: 2,
  closed: 3,
} as const;
/** What your code has to do before receiving goes on. */
export type Paused = keyof typeof Paused;

/** What made the peer's direction leave HTTP. */
export const SwitchedBy = {
  upgrade: 0,
  connect: 1,
  "http2-preface": 2,
} as const;
/** What made the peer's direction leave HTTP. */
export type SwitchedBy = keyof typeof SwitchedBy;

/** How the peer's bytes ended. */
export const End = {
  clean: 0,
  truncated: 1,
} as const;
/** How the peer's bytes ended. */
export type End = keyof typeof End;

/** What kind of thing happened. */
export const TraceStep = {
  "received-request": 0,
  "received-informational": 1,
  "received-response": 2,
  "received-end": 3,
  "received-switch": 4,
  "received-eof": 5,
  "peer-error": 6,
  "sent-request": 7,
  "sent-informational": 8,
  "sent-response": 9,
  "sent-end": 10,
  "sent-switch": 11,
  refused: 12,
  resumed: 13,
  abandoned: 14,
  tidied: 15,
  "handed-over": 16,
} as const;
/** What kind of thing happened. */
export type TraceStep = keyof typeof TraceStep;

/** Who has to change something. */
export const Blame = {
  peer: 0,
  local: 1,
} as const;
/** Who has to change something. */
export type Blame = keyof typeof Blame;

/** Why a request offers nothing at all. */
export const NoOffer = {
  absent: 0,
  "http-1.0": 1,
  "no-connection-option": 2,
  malformed: 3,
  "too-many": 4,
  connect: 5,
} as const;
/** Why a request offers nothing at all. */
export type NoOffer = keyof typeof NoOffer;

/** Why one protocol of an offer cannot be accepted. */
export const Ineligible = {
  method: 0,
  key: 1,
  version: 2,
  subprotocol: 3,
  extension: 4,
  content: 5,
  head: 6,
  secure: 7,
  settings: 8,
  "not-listed": 9,
} as const;
/** Why one protocol of an offer cannot be accepted. */
export type Ineligible = keyof typeof Ineligible;

/** Whose order of preference counts. */
export const Order = {
  client: 0,
  server: 1,
} as const;
/** Whose order of preference counts. */
export type Order = keyof typeof Order;

/** Why this cycle's upgrade did not happen. */
export const Why = {
  "not-offered": 0,
  "http-1.0": 1,
  "no-connection-option": 2,
  malformed: 3,
  "too-many": 4,
  connect: 5,
  ineligible: 6,
  undecided: 7,
  declined: 8,
  required: 9,
  dropped: 10,
  failed: 11,
  abandoned: 12,
} as const;
/** Why this cycle's upgrade did not happen. */
export type Why = keyof typeof Why;

/** What has no place in HTTP/2. */
export const OverHttp2 = {
  switching: 0,
  connection: 1,
  "keep-alive": 2,
  "proxy-connection": 3,
  "transfer-encoding": 4,
  upgrade: 5,
  te: 6,
  "sec-websocket-key": 7,
  "sec-websocket-accept": 8,
  name: 9,
  value: 10,
} as const;
/** What has no place in HTTP/2. */
export type OverHttp2 = keyof typeof OverHttp2;

/** What is wrong with a stream of capsules. */
export const CapsuleFault = {
  "too-long": 0,
  "no-context": 1,
  truncated: 2,
} as const;
/** What is wrong with a stream of capsules. */
export type CapsuleFault = keyof typeof CapsuleFault;

/** What went wrong, with its stable number. */
export const ErrorKind = {
  "bad-method": 101,
  "method-too-long": 102,
  "bad-target": 103,
  "bad-version": 104,
  "version-unsupported": 105,
  "start-line-too-long": 106,
  "bad-status-line": 107,
  "not-http": 108,
  "empty-lines": 109,
  "bad-field-name": 201,
  "space-before-colon": 202,
  "missing-colon": 203,
  "bad-field-value": 204,
  "bare-cr": 205,
  "bare-lf": 206,
  nul: 207,
  "obs-fold": 208,
  "leading-space": 209,
  "field-line-too-long": 210,
  "too-many-fields": 211,
  "head-too-large": 212,
  "host-missing": 301,
  "host-repeated": 302,
  "host-invalid": 303,
  "target-form": 304,
  "target-authority": 305,
  "content-length-invalid": 306,
  "content-length-differs": 307,
  "both-framings": 308,
  "coding-invalid": 309,
  "coding-unknown": 310,
  "coding-not-final": 311,
  "coding-in-1.0": 312,
  "connect-content": 313,
  "target-insecure": 314,
  "chunk-size": 401,
  "chunk-size-overflow": 402,
  "chunk-extension": 403,
  "chunk-line-too-long": 404,
  "chunk-extensions-too-long": 405,
  "chunk-end": 406,
  "trailers-too-large": 407,
  "content-too-large": 408,
  truncated: 501,
  "no-response": 502,
  unsolicited: 503,
  "too-many-informational": 504,
  "switch-unasked": 601,
  "switch-without-upgrade": 602,
  "switch-without-connection": 603,
  "switch-not-offered": 604,
  "switch-in-1.0": 605,
  "switch-profile": 606,
  unasked: 801,
  answered: 802,
  "request-unfinished": 803,
  unanswered: 804,
  "offer-pending": 805,
  "pipeline-full": 806,
  "not-persistent": 807,
  "no-content": 808,
  "http-1.0-peer": 810,
  "nothing-offered": 811,
  "not-offered": 812,
  "stale-selection": 813,
  "body-pending": 814,
  "nothing-owed": 815,
  "leftover-pending": 816,
  "too-late": 817,
  closed: 818,
  switched: 819,
  failed: 820,
  "wrong-role": 821,
  "buffer-full": 822,
  "after-end": 824,
  "unread-input": 825,
  "head-gone": 826,
  "out-of-memory": 827,
  "output-too-small": 901,
  "invalid-method": 902,
  "invalid-target": 903,
  "invalid-status": 904,
  "invalid-reason": 905,
  "invalid-name": 906,
  "invalid-value": 907,
  "invalid-protocol": 908,
  "invalid-host": 909,
  "framing-conflict": 910,
  "reserved-field": 911,
  "length-exceeded": 912,
  "length-short": 913,
  "trailer-forbidden": 914,
  "profile-field": 915,
  "host-differs": 916,
} as const;
/** What went wrong, with its stable number. */
export type ErrorKind = keyof typeof ErrorKind;

/** Every bound with its default. */
export const Limits = {
  startLine: 8192,
  method: 32,
  fieldLine: 16384,
  fields: 128,
  head: 65536,
  emptyLines: 4,
  chunkLine: 1024,
  chunkExtensions: 4096,
  trailers: 8192,
  informational: 32,
  drain: 262144,
  content: 9007199254740991,
  buffered: 131072,
  offers: 32,
  h2cHead: 16384,
  h2cContent: 65535,
} as const;

/** Every leniency with its default. */
export const Lenient = {
  switchWithoutConnection: false,
  switchWithoutUpgrade: false,
  switchToAlternatives: false,
  switchInHttp10: false,
  statusWithoutSpace: false,
  loneLf: false,
  responseLoneLf: false,
  spaceAfterChunkSize: false,
  controlsInValues: false,
  bothFramings: false,
  codingInHttp10: false,
  anyVersion: false,
} as const;

/** What else can be configured, with its default. */
export const Flags = {
  secure: false,
  trustedGateway: false,
  http2Preface: false,
  bareH2c: false,
  tidy: false,
  lowercaseNames: false,
} as const;

/** The path of the default URI template for `connect-udp` (RFC 9298, 2). */
export const UDP_TEMPLATE = "/.well-known/masque/udp/{target_host}/{target_port}/";

/** The path of the default URI template for `connect-ip` (RFC 9484, 3). */
export const IP_TEMPLATE = "/.well-known/masque/ip/{target}/{ipproto}/";

/** The longest UDP payload, in bytes (RFC 9298, 5). */
export const UDP_PAYLOAD = 65527;

/** The fields that commonly hold a credential, in lower case: for redaction in logs. */
export const SECRET_FIELDS = ["authorization", "proxy-authorization", "cookie", "set-cookie"] as const;
