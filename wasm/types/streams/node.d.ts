import { ProtocolError } from "../engine/error.js";
import type { Offer } from "../engine/event.js";
import type { HeaderSource } from "../engine/args.js";
/** A request of `node:http`: an `IncomingMessage`. */
export interface NodeRequest {
    readonly method?: string | undefined;
    readonly url?: string | undefined;
    readonly httpVersion: string;
    readonly rawHeaders: readonly string[];
}
/** A decision about a request of `node:http` that has an `Upgrade` field. */
export type Decision = {
    /** The protocol that both sides support, in the client's spelling. */
    readonly protocol: string;
    /**
     * The 101 to write to the socket.
     *
     * Then speak the new protocol, whose first bytes are Node's `head`.
     */
    readonly response: Uint8Array<ArrayBuffer>;
    readonly offers: readonly Offer[];
    readonly error: null;
} | {
    /**
     * Nothing to switch to: answer as if nothing had been offered.
     *
     * Or content comes first, which Node would lose.
     */
    readonly protocol: null;
    readonly response: null;
    /**
     * Why it is no HTTP, although Node lets it pass: answer with its `status`.
     *
     * `null` where it is.
     */
    readonly error: ProtocolError | null;
    /** The offers, and why they cannot be accepted. */
    readonly offers: readonly Offer[];
};
/**
 * Decides for Node's `http.Server`.
 *
 * In `shouldUpgradeCallback` (Node 22.21, 24.9 and later) whether to switch,
 * `(request) => decide(request, ["foo/2"]).protocol !== null`, and in the event `upgrade` what to answer. `headers` go
 * into the 101. A request that Node lets pass and HTTP does not, as one with two Host lines, has an `error`. RFC 9110,
 * section 7.8.
 */
export declare function decide(request: NodeRequest, preferences: readonly string[], headers?: HeaderSource): Decision;
