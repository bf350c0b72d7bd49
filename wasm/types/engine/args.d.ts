/**
 * Field lines to send, in order.
 *
 * Pairs of name and value: an array, a `Map`, the `Headers` of a received message or of the platform. Or an object, in
 * which an array of values stands for as many lines. A character stands for one byte, so none may be above U+00FF; the
 * value of a pair may be bytes too.
 */
export type HeaderSource = Iterable<readonly [name: string, value: string | Uint8Array]> | Readonly<Record<string, string | readonly string[]>>;
