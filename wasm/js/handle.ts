/// <reference lib="esnext.disposable" preserve="true" />
// The number that stands for a connection in the module, and what every face of the connection does with it.

import { configure, type Config } from "./config.js";
import { ProtocolError } from "./error.js";
import { numberOf } from "./check.js";
import { GoneError } from "./gone.js";
import { hasTrapped, raw } from "./raw.js";
import { octetsLeft, Reader } from "./reader.js";
import { Role } from "./tables.js";

/** The memory of a connection, which is the module's: the collector does not see it. */
export class Handle {
  readonly #role: Role;
  #number: number | undefined;
  /** @internal The place that `receiveBuffer` gave; it is empty once the memory has moved. */
  protected space: Uint8Array | undefined;

  /** A connection of that role. Next: a server receives, a client sends a request. */
  constructor(role: Role, config?: Config) {
    const number = numberOf(Role, role, "role");
    if (config !== undefined) configure(config);
    this.#role = role;
    this.#number = raw.create(number);
  }

  /** Which end this is. */
  get role(): Role {
    return this.#role;
  }

  /** Gives memory back where a connection is parked. What `trace`, `required` and the current event held is gone. */
  release(): void {
    this.space = undefined;
    raw.release(this.live());
  }

  /** Gives all of it back. The connection is no more: every other call throws a `GoneError`. A second call does nothing. */
  free(): void {
    const number = this.#number;
    this.#number = undefined;
    if (number !== undefined && !hasTrapped()) raw.free(number);
  }

  /** `free`, for `using`. */
  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal The number, if it still stands for anything. */
  protected live(): number {
    if (this.#number === undefined) throw new GoneError("freed");
    return this.#number;
  }

  /** @internal What the module refused is thrown. */
  protected must(isDone: boolean): void {
    if (!isDone) throw new ProtocolError(new Reader());
  }

  /** @internal What was written, or why nothing was. */
  protected sent(isDone: boolean): Uint8Array<ArrayBuffer> {
    this.must(isDone);
    return octetsLeft();
  }
}
