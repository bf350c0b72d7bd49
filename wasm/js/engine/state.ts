// The machine's state and its past.

import { namesOf, type Reader } from "./reader.js";
import { Expect, ClientVersion, Phase, Rx, TraceStep, UpgradeState, Tx } from "../generated/tables.js";

/** The state of one connection, for logs and for pages that show it. */
export interface State {
  /** The latest request. */
  readonly request: Phase;
  /** The response to the oldest unanswered request. */
  readonly response: Phase;
  /** The peer's direction. */
  readonly rx: Rx;
  /** The state of our direction. */
  readonly tx: Tx;
  /** The effect of the latest request on the connection. */
  readonly upgrade: UpgradeState;
  /** The latest request's expectation. */
  readonly expect: Expect;
  /** A further request may follow. */
  readonly persist: boolean;
  /** The client's version (server only). */
  readonly clientVersion: ClientVersion;
  /**
   * Complete requests whose final response has not ended (client only).
   *
   * Those before the latest.
   */
  readonly pipelined: number;
}

/** One entry of the trace. */
export interface TraceEntry {
  /** The step that was taken. */
  readonly step: TraceStep;
  /**
   * The detail of the step, 0 where there is none.
   *
   * A status, an error's number, a count of protocols or bytes.
   */
  readonly number: number;
  /** Bytes received and passed when it happened. */
  readonly offset: number;
}

const phases = namesOf(Phase);
const rxs = namesOf(Rx);
const txs = namesOf(Tx);
const upgrades = namesOf(UpgradeState);
const expectations = namesOf(Expect);
const clientVersions = namesOf(ClientVersion);
const traced = namesOf(TraceStep);

/** @internal The order is that of `query.rs`. */
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

/** @internal That many entries. */
export function readTrace(reader: Reader, count: number): TraceEntry[] {
  return Array.from({ length: count }, () => ({
    step: reader.name(traced),
    number: reader.number(),
    offset: reader.large(),
  }));
}
