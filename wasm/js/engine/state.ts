// The state of a connection, and its trace.

import { namesOf, type Reader } from "./reader.js";
import { Expect, ClientVersion, Phase, Rx, TraceStep, UpgradeState, Tx } from "../generated/tables.js";

/** The state of one connection, for logs and for display. */
export interface State {
  /** The progress of the latest request. */
  readonly request: Phase;
  /** The progress of the response to the oldest unanswered (or latest) request. */
  readonly response: Phase;
  /** The state of the direction in which the peer sends. */
  readonly rx: Rx;
  /** The state of the direction in which this side sends. */
  readonly tx: Tx;
  /** The progress of the latest request's upgrade or CONNECT. */
  readonly upgrade: UpgradeState;
  /** The progress of the latest request's `Expect: 100-continue`. */
  readonly expect: Expect;
  /** True while no message, call or error has made the current exchange the last. */
  readonly persist: boolean;
  /** Server: the HTTP version of the client, as in its latest request. */
  readonly clientVersion: ClientVersion;
  /**
   * Client: the number of earlier complete requests without a complete response.
   *
   * The latest request is not counted.
   */
  readonly pipelined: number;
}

/** One entry of `Connection.trace`, such as a received head or a rejected call. */
export interface TraceEntry {
  /** The kind of the entry, such as `received-request` or `refused`. */
  readonly step: TraceStep;
  /**
   * The detail of the entry, or 0 if its kind has none.
   *
   * It is a status code, an error code, or a number of protocols or bytes. For `tidied` it has a bit for each kind of
   * correction.
   */
  readonly number: number;
  /** The number of the peer's bytes that events had covered when this was recorded. */
  readonly offset: number;
}

const phases = namesOf(Phase);
const rxs = namesOf(Rx);
const txs = namesOf(Tx);
const upgrades = namesOf(UpgradeState);
const expectations = namesOf(Expect);
const clientVersions = namesOf(ClientVersion);
const traced = namesOf(TraceStep);

/** @internal Decodes the state in the order in which `getters.rs` encodes it. */
export function readState(reader: Reader): State {
  return {
    request: reader.name(phases),
    response: reader.name(phases),
    rx: reader.name(rxs),
    tx: reader.name(txs),
    upgrade: reader.name(upgrades),
    expect: reader.name(expectations),
    persist: reader.boolean(),
    clientVersion: reader.name(clientVersions),
    pipelined: reader.number(),
  };
}

/** @internal Decodes `count` entries of the trace. */
export function readTrace(reader: Reader, count: number): TraceEntry[] {
  return Array.from({ length: count }, () => ({
    step: reader.name(traced),
    number: reader.number(),
    offset: reader.large(),
  }));
}
