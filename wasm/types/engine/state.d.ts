import { Expect, ClientVersion, Phase, Rx, TraceStep, UpgradeState, Tx } from "../generated/tables.js";
/** The state of one connection, for logs and for pages that show it. */
export interface State {
    /** The latest request. */
    readonly request: Phase;
    /** The response to the oldest unanswered request. */
    readonly response: Phase;
    /** The peer's direction. */
    readonly rx: Rx;
    /** Our direction. */
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
/** One thing that happened. */
export interface TraceEntry {
    /** The step. */
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
