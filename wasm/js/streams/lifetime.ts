// The use of a socket by a wire: until when it lasts, who waits for it, and why it has ended.

import { LONGEST } from "./bounds.js";
import { DisconnectedError } from "./errors.js";

/** @internal */
export class Lifetime {
  /**
   * The reason with which the socket was given up, if it was.
   *
   * It is the reason of the signal, a timeout, or an error of the content, for example.
   */
  failure: { readonly reason: unknown } | undefined;
  /** True once the socket was released or closed. */
  isOver = false;
  /**
   * A callback for when the peer disconnects or the socket is given up.
   *
   * Also for when the exchange of a server times out.
   */
  onGone: ((reason: unknown) => void) | undefined;
  readonly #noted = new WeakSet<object>();
  /**
   * Callbacks for when the socket is closed, or an exchange of a server times out.
   *
   * Each gets the reason.
   */
  readonly #endings = new Set<(reason: unknown) => void>();
  /** The timer of the whole exchange. */
  #exchange: ReturnType<typeof setTimeout> | undefined;

  /**
   * Records an error and returns it; passes a disconnect to `onGone`.
   *
   * The error is one of the peer or the transport, or the reason in `failure`.
   */
  note<T>(error: T): T {
    if (typeof error === "object" && error !== null) this.#noted.add(error);
    if (error instanceof DisconnectedError) this.onGone?.(error);
    return error;
  }

  /**
   * Returns whether `note` has recorded this error.
   *
   * It is then an error of the peer or the transport, or the reason in `failure`: check that first.
   */
  hasNoted(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#noted.has(error);
  }

  /**
   * Waits for a promise, at most `milliseconds`; rejects once the socket is closed.
   *
   * After that time it rejects with a `TimeoutError`. A timeout of the whole exchange rejects it,
   * too.
   */
  async until<T>(step: Promise<T>, milliseconds = Infinity): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.failure) {
        step.catch(() => {});
        return reject(this.failure.reason);
      }
      const late = (): void => fail(tooSlow());
      const timer = milliseconds <= LONGEST ? setTimeout(late, milliseconds) : undefined;
      const end = (): void => {
        clearTimeout(timer);
        this.#endings.delete(fail);
      };
      const fail = (reason: unknown): void => {
        end();
        reject(reason);
      };
      this.#endings.add(fail);
      step.then((value) => {
        end();
        resolve(value);
      }, fail);
    });
  }

  /**
   * Waits for an operation of the transport, at most `milliseconds`.
   *
   * Rejects as `until` does. An error of the operation becomes a `DisconnectedError`.
   */
  async transported<T>(step: Promise<T>, milliseconds: number): Promise<T> {
    return this.until(
      step.catch((cause: unknown) => {
        throw this.disconnected(cause);
      }),
      milliseconds,
    );
  }

  /**
   * Returns the reason in `failure`, or a `DisconnectedError` if there is none.
   *
   * `cause` is the error of the transport.
   */
  disconnected(cause: unknown): unknown {
    return this.failure ? this.failure.reason : new DisconnectedError("the socket has failed", cause);
  }

  /**
   * Calls `act` with the reason when the socket is closed or the exchange times out.
   *
   * Returns a function that cancels this. `act` is not called if the socket was closed or released
   * before.
   */
  onGivenUp(act: (reason: unknown) => void): () => void {
    this.#endings.add(act);
    return () => void this.#endings.delete(act);
  }

  /** Rejects all waits of `until`, and calls the callbacks of `onGivenUp`. */
  close(reason: unknown): void {
    for (const end of [...this.#endings]) end(reason);
  }

  /** Starts the timer of an exchange, which calls `act` with a `TimeoutError`. */
  beginExchange(milliseconds: number, act: (error: DOMException) => void): void {
    if (milliseconds <= LONGEST && !this.isOver) this.#exchange = setTimeout(() => act(timedOut("the exchange has taken too long")), milliseconds);
  }

  /** Stops the timer of the exchange. */
  endExchange(): void {
    clearTimeout(this.#exchange);
  }
}

/** @internal Returns the error for a peer that takes too long. */
export const tooSlow = (): DOMException => timedOut("the peer is too slow");

function timedOut(message: string): DOMException {
  return new DOMException(message, "TimeoutError");
}
