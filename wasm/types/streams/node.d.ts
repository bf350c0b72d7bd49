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
/** What to do with a request of `node:http` that has an `Upgrade` field. */
export type Decision = {
    /** What both sides can live with, in the client's spelling. */
    readonly protocol: string;
    /** The 101: write it to the socket, then speak the new protocol, whose first bytes are Node's `head`. */
    readonly response: Uint8Array<ArrayBuffer>;
    readonly offers: readonly Offer[];
    readonly error: null;
} | {
    /** Nothing to switch to, or content comes first, which Node would lose: answer as if nothing had been offered. */
    readonly protocol: null;
    readonly response: null;
    /** Why it is no HTTP, although Node lets it pass: answer with its `status`. `null` where it is. */
    readonly error: ProtocolError | null;
    /** What was offered, and why it cannot be accepted. */
    readonly offers: readonly Offer[];
};
/**
 * Chooses for Node's `http.Server`: in `shouldUpgradeCallback` (Node 22.21, 24.9 and later) whether to switch,
 * `(request) => decide(request, ["foo/2"]).protocol !== null`, and in the event `upgrade` what to answer. `headers` go into the
 * 101. A request that Node lets pass and HTTP does not, as one with two Host lines, has an `error`. RFC 9110, 7.8.
 */
export declare function decide(request: NodeRequest, preferences: readonly string[], headers?: HeaderSource): Decision;
