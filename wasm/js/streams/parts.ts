// The parts of a `FastResponse`, without its class: who does not use that does not bundle it.

import type { HeaderSource } from "../engine/args.js";

/** @internal The parts of a response of which no native one was read. */
export interface Parts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderSource;
  readonly body: string | Uint8Array | null;
}

/** @internal Returns the parts of a `FastResponse`; `undefined` for other values, or if a native one was read. */
export let partsOf: (response: unknown) => Parts | undefined = () => undefined;

/** @internal Sets `partsOf`, once there is the class. */
export function setPartsOf(found: typeof partsOf): void {
  partsOf = found;
}
