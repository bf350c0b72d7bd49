/** Which end the engine is. */
export declare const Role: {
    readonly client: 0;
    readonly server: 1;
};
/** Which end the engine is. */
export type Role = keyof typeof Role;
/** How far a message has come. */
export declare const Phase: {
    readonly idle: 0;
    readonly body: 1;
    readonly done: 2;
    readonly aborted: 3;
};
/** How far a message has come. */
export type Phase = keyof typeof Phase;
/** The peer's direction. */
export declare const Rx: {
    readonly open: 0;
    readonly closed: 1;
    readonly switched: 2;
    readonly failed: 3;
};
/** The peer's direction. */
export type Rx = keyof typeof Rx;
/** Our direction. */
export declare const Tx: {
    readonly open: 0;
    readonly closed: 1;
    readonly switched: 2;
};
/** Our direction. */
export type Tx = keyof typeof Tx;
/** The effect of the latest request on the connection. */
export declare const UpgradeState: {
    readonly none: 0;
    readonly offered: 1;
    readonly connect: 2;
    readonly agreed: 3;
    readonly declined: 4;
    readonly resumed: 5;
};
/** The effect of the latest request on the connection. */
export type UpgradeState = keyof typeof UpgradeState;
/** The client's `Expect: 100-continue`. */
export declare const Expect: {
    readonly none: 0;
    readonly owed: 1;
    readonly begun: 2;
};
/** The client's `Expect: 100-continue`. */
export type Expect = keyof typeof Expect;
/** The version that the client of a server speaks. */
export declare const ClientVersion: {
    readonly unknown: 0;
    readonly "1.0": 1;
    readonly "1.1": 2;
};
/** The version that the client of a server speaks. */
export type ClientVersion = keyof typeof ClientVersion;
/** Whom the engine waits for; set deadlines by it. */
export declare const Awaiting: {
    readonly caller: 0;
    readonly request: 1;
    readonly content: 2;
    readonly response: 3;
    readonly continue: 4;
    readonly nothing: 5;
    readonly head: 6;
};
/** Whom the engine waits for; set deadlines by it. */
export type Awaiting = keyof typeof Awaiting;
/** How to close the transport. */
export declare const Closing: {
    readonly close: 0;
    readonly linger: 1;
    readonly reset: 2;
};
/** How to close the transport. */
export type Closing = keyof typeof Closing;
/** What the peer waits for that only your code can send. */
export declare const Owes: {
    readonly nothing: 0;
    readonly continue: 1;
    readonly response: 2;
    readonly content: 3;
};
/** What the peer waits for that only your code can send. */
export type Owes = keyof typeof Owes;
/** How the end of content is found. */
export declare const ContentKind: {
    readonly none: 0;
    readonly length: 1;
    readonly chunked: 2;
    readonly "until-close": 3;
};
/** How the end of content is found. */
export type ContentKind = keyof typeof ContentKind;
/** The kinds of event. */
export declare const EventKind: {
    readonly request: 0;
    readonly informational: 1;
    readonly response: 2;
    readonly data: 3;
    readonly "end-of-message": 4;
    readonly switched: 5;
};
/** The kinds of event. */
export type EventKind = keyof typeof EventKind;
/** What your code has to do before receiving goes on. */
export declare const Paused: {
    readonly decision: 0;
    readonly answer: 1;
    readonly switched: 2;
    readonly closed: 3;
};
/** What your code has to do before receiving goes on. */
export type Paused = keyof typeof Paused;
/** What made the peer's direction leave HTTP. */
export declare const SwitchedBy: {
    readonly upgrade: 0;
    readonly connect: 1;
    readonly "http2-preface": 2;
};
/** What made the peer's direction leave HTTP. */
export type SwitchedBy = keyof typeof SwitchedBy;
/** How the peer's bytes ended. */
export declare const End: {
    readonly clean: 0;
    readonly truncated: 1;
};
/** How the peer's bytes ended. */
export type End = keyof typeof End;
/** What kind of thing happened. */
export declare const TraceStep: {
    readonly "received-request": 0;
    readonly "received-informational": 1;
    readonly "received-response": 2;
    readonly "received-end": 3;
    readonly "received-switch": 4;
    readonly "received-eof": 5;
    readonly "peer-error": 6;
    readonly "sent-request": 7;
    readonly "sent-informational": 8;
    readonly "sent-response": 9;
    readonly "sent-end": 10;
    readonly "sent-switch": 11;
    readonly refused: 12;
    readonly resumed: 13;
    readonly abandoned: 14;
    readonly tidied: 15;
    readonly "handed-over": 16;
};
/** What kind of thing happened. */
export type TraceStep = keyof typeof TraceStep;
/** Who has to change something. */
export declare const Blame: {
    readonly peer: 0;
    readonly local: 1;
};
/** Who has to change something. */
export type Blame = keyof typeof Blame;
/** Why a request offers nothing at all. */
export declare const NoOffer: {
    readonly absent: 0;
    readonly "http-1.0": 1;
    readonly "no-connection-option": 2;
    readonly malformed: 3;
    readonly "too-many": 4;
    readonly connect: 5;
};
/** Why a request offers nothing at all. */
export type NoOffer = keyof typeof NoOffer;
/** Why one protocol of an offer cannot be accepted. */
export declare const Ineligible: {
    readonly method: 0;
    readonly key: 1;
    readonly version: 2;
    readonly subprotocol: 3;
    readonly extension: 4;
    readonly content: 5;
    readonly head: 6;
    readonly secure: 7;
    readonly settings: 8;
    readonly "not-listed": 9;
};
/** Why one protocol of an offer cannot be accepted. */
export type Ineligible = keyof typeof Ineligible;
/** Whose order of preference counts. */
export declare const Order: {
    readonly client: 0;
    readonly server: 1;
};
/** Whose order of preference counts. */
export type Order = keyof typeof Order;
/** Why this cycle's upgrade did not happen. */
export declare const Why: {
    readonly "not-offered": 0;
    readonly "http-1.0": 1;
    readonly "no-connection-option": 2;
    readonly malformed: 3;
    readonly "too-many": 4;
    readonly connect: 5;
    readonly ineligible: 6;
    readonly undecided: 7;
    readonly declined: 8;
    readonly required: 9;
    readonly dropped: 10;
    readonly failed: 11;
    readonly abandoned: 12;
};
/** Why this cycle's upgrade did not happen. */
export type Why = keyof typeof Why;
/** What has no place in HTTP/2. */
export declare const OverHttp2: {
    readonly switching: 0;
    readonly connection: 1;
    readonly "keep-alive": 2;
    readonly "proxy-connection": 3;
    readonly "transfer-encoding": 4;
    readonly upgrade: 5;
    readonly te: 6;
    readonly "sec-websocket-key": 7;
    readonly "sec-websocket-accept": 8;
    readonly name: 9;
    readonly value: 10;
};
/** What has no place in HTTP/2. */
export type OverHttp2 = keyof typeof OverHttp2;
/** What is wrong with a stream of capsules. */
export declare const CapsuleFault: {
    readonly "too-long": 0;
    readonly "no-context": 1;
    readonly truncated: 2;
};
/** What is wrong with a stream of capsules. */
export type CapsuleFault = keyof typeof CapsuleFault;
/** What went wrong, with its stable number. */
export declare const ErrorKind: {
    readonly "bad-method": 101;
    readonly "method-too-long": 102;
    readonly "bad-target": 103;
    readonly "bad-version": 104;
    readonly "version-unsupported": 105;
    readonly "start-line-too-long": 106;
    readonly "bad-status-line": 107;
    readonly "not-http": 108;
    readonly "empty-lines": 109;
    readonly "bad-field-name": 201;
    readonly "space-before-colon": 202;
    readonly "missing-colon": 203;
    readonly "bad-field-value": 204;
    readonly "bare-cr": 205;
    readonly "bare-lf": 206;
    readonly nul: 207;
    readonly "obs-fold": 208;
    readonly "leading-space": 209;
    readonly "field-line-too-long": 210;
    readonly "too-many-fields": 211;
    readonly "head-too-large": 212;
    readonly "host-missing": 301;
    readonly "host-repeated": 302;
    readonly "host-invalid": 303;
    readonly "target-form": 304;
    readonly "target-authority": 305;
    readonly "content-length-invalid": 306;
    readonly "content-length-differs": 307;
    readonly "both-framings": 308;
    readonly "coding-invalid": 309;
    readonly "coding-unknown": 310;
    readonly "coding-not-final": 311;
    readonly "coding-in-1.0": 312;
    readonly "connect-content": 313;
    readonly "target-insecure": 314;
    readonly "chunk-size": 401;
    readonly "chunk-size-overflow": 402;
    readonly "chunk-extension": 403;
    readonly "chunk-line-too-long": 404;
    readonly "chunk-extensions-too-long": 405;
    readonly "chunk-end": 406;
    readonly "trailers-too-large": 407;
    readonly "content-too-large": 408;
    readonly truncated: 501;
    readonly "no-response": 502;
    readonly unsolicited: 503;
    readonly "too-many-informational": 504;
    readonly "switch-unasked": 601;
    readonly "switch-without-upgrade": 602;
    readonly "switch-without-connection": 603;
    readonly "switch-not-offered": 604;
    readonly "switch-in-1.0": 605;
    readonly "switch-profile": 606;
    readonly unasked: 801;
    readonly answered: 802;
    readonly "request-unfinished": 803;
    readonly unanswered: 804;
    readonly "offer-pending": 805;
    readonly "pipeline-full": 806;
    readonly "not-persistent": 807;
    readonly "no-content": 808;
    readonly "http-1.0-peer": 810;
    readonly "nothing-offered": 811;
    readonly "not-offered": 812;
    readonly "stale-selection": 813;
    readonly "body-pending": 814;
    readonly "nothing-owed": 815;
    readonly "leftover-pending": 816;
    readonly "too-late": 817;
    readonly closed: 818;
    readonly switched: 819;
    readonly failed: 820;
    readonly "wrong-role": 821;
    readonly "buffer-full": 822;
    readonly "after-end": 824;
    readonly "unread-input": 825;
    readonly "head-gone": 826;
    readonly "output-too-small": 901;
    readonly "invalid-method": 902;
    readonly "invalid-target": 903;
    readonly "invalid-status": 904;
    readonly "invalid-reason": 905;
    readonly "invalid-name": 906;
    readonly "invalid-value": 907;
    readonly "invalid-protocol": 908;
    readonly "invalid-host": 909;
    readonly "framing-conflict": 910;
    readonly "reserved-field": 911;
    readonly "length-exceeded": 912;
    readonly "length-short": 913;
    readonly "trailer-forbidden": 914;
    readonly "profile-field": 915;
    readonly "host-differs": 916;
};
/** What went wrong, with its stable number. */
export type ErrorKind = keyof typeof ErrorKind;
/** Every bound with its default. */
export declare const Limits: {
    readonly startLine: 8192;
    readonly method: 32;
    readonly fieldLine: 16384;
    readonly fields: 128;
    readonly head: 65536;
    readonly emptyLines: 4;
    readonly chunkLine: 1024;
    readonly chunkExtensions: 4096;
    readonly trailers: 8192;
    readonly informational: 32;
    readonly drain: 262144;
    readonly content: 9007199254740991;
    readonly buffered: 131072;
    readonly offers: 32;
    readonly h2cHead: 16384;
    readonly h2cContent: 65535;
};
/** Every leniency with its default. */
export declare const Lenient: {
    readonly switchWithoutConnection: false;
    readonly switchWithoutUpgrade: false;
    readonly switchToAlternatives: false;
    readonly switchInHttp10: false;
    readonly statusWithoutSpace: false;
    readonly loneLf: false;
    readonly responseLoneLf: false;
    readonly spaceAfterChunkSize: false;
    readonly controlsInValues: false;
    readonly bothFramings: false;
    readonly codingInHttp10: false;
    readonly anyVersion: false;
};
/** What else can be configured, with its default. */
export declare const Flags: {
    readonly secure: false;
    readonly http2Preface: false;
    readonly bareH2c: false;
    readonly tidy: false;
};
/** The template for `connect-udp` where nothing else is configured (RFC 9298, 2). */
export declare const UDP_TEMPLATE = "/.well-known/masque/udp/{target_host}/{target_port}/";
/** The template for `connect-ip` where nothing else is configured (RFC 9484, 3). */
export declare const IP_TEMPLATE = "/.well-known/masque/ip/{target}/{ipproto}/";
/** The longest UDP payload, in bytes (RFC 9298, 5). */
export declare const UDP_PAYLOAD = 65527;
/** The fields that commonly hold a credential, in lower case: for redaction in logs. */
export declare const SECRET_FIELDS: readonly ["authorization", "proxy-authorization", "cookie", "set-cookie"];
