// The connection of a socket that this layer reads and writes itself.

import { raw } from "../engine/calls.js";
import { Connection } from "../engine/connection.js";
import { plain } from "../engine/bytes.js";
import type { Step } from "../engine/event.js";
import { bytesLeft, sharedBytesLeft } from "../engine/reader.js";
import type { Awaiting, Closing, Owes } from "../generated/tables.js";

/**
 * @internal The `Connection` of this layer, which makes fewer copies than the public one.
 *
 * Bytes to send may share a buffer. Content that arrives in the same array as its head may be a view
 * of that array.
 */
export class StreamConnection extends Connection {
  /** True if bytes to send may share a buffer: the socket does not transfer it. */
  sharesBuffers = false;
  /** The array last passed to `receive`, while its content may be given as a view. */
  #piece: Uint8Array | undefined;
  /** True if the latest step was the head of a request or of a final response. */
  #isAfterHead = false;

  // After a trap the next event throws. Whoever ends the connection until then asks these.

  override get closing(): Closing {
    return this.hasTrapped ? "reset" : super.closing;
  }

  override get owes(): Owes {
    return this.hasTrapped ? "content" : super.owes;
  }

  override get awaiting(): Awaiting {
    return this.hasTrapped ? "nothing" : super.awaiting;
  }

  override get wantsInput(): boolean {
    return !this.hasTrapped && super.wantsInput;
  }

  override receive(bytes: Uint8Array): void {
    super.receive(bytes);
    this.#piece = bytes;
  }

  override nextEvent(): Step {
    const step = (this.#isAfterHead && this.#data()) || super.nextEvent();
    this.#isAfterHead = step.kind === "request" || step.kind === "response";
    if (!this.#isAfterHead) this.#piece = undefined;
    return step;
  }

  override takeEnd(): boolean {
    const isEnded = super.takeEnd();
    if (isEnded) this.#piece = undefined;
    return isEnded;
  }

  /**
   * Returns the step after a head, if the piece has content of a known length.
   *
   * The piece is the latest array. If the rest of it is one data event, its data is a view of the piece, not a copy.
   * Returns `undefined` without such content, and if earlier pieces have unread bytes too.
   */
  #data(): Step | undefined {
    const piece = this.#piece;
    const unread = piece && this.content.length > 0 ? this.#unread : 0;
    if (!piece || unread === 0 || unread > piece.length) return undefined;
    if (this.advance() !== "data" || this.#unread > 0) return this.event() ?? super.nextEvent();
    return { kind: "data", data: plain(piece.subarray(piece.length - unread)) as Uint8Array<ArrayBuffer> };
  }

  get #unread(): number {
    return raw.unread_len(this.live());
  }

  /** @internal */
  protected override sent(isDone: boolean): Uint8Array<ArrayBuffer> {
    this.must(isDone);
    return this.sharesBuffers ? sharedBytesLeft() : bytesLeft();
  }
}
