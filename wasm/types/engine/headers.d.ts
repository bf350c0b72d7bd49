/**
 * The field lines of a head or trailer section, in order and spelling.
 *
 * As they came (RFC 9110, section 5). Nothing is decoded, joined or lower-cased: a character is a byte. Names and
 * values become strings when they are asked for.
 */
export declare class Headers implements Iterable<[name: string, value: string]> {
    #private;
    /** The number of field lines. */
    get length(): number;
    /** The field line at `index`, counted from 0; `undefined` after the last. */
    at(index: number): [name: string, value: string] | undefined;
    /**
     * Returns the value of the first field line of that name, or `undefined`.
     *
     * In any case (RFC 9110, section 5.1).
     */
    get(name: string): string | undefined;
    /** The values of all field lines of that name, in any case and in order. */
    getAll(name: string): string[];
    /** Returns whether there is a field line of that name, in any case. */
    has(name: string): boolean;
    /** All field lines in order. */
    [Symbol.iterator](): IterableIterator<[name: string, value: string]>;
    /** All field lines in order, in a new array. */
    lines(): [name: string, value: string][];
    /**
     * Returns each name and after it its value, in one new array.
     *
     * The least that can be made of all lines. Node calls it `rawHeaders`.
     */
    flat(): string[];
    /**
     * Returns all field lines as an array, for logs.
     *
     * Without what the fields of `SECRET_FIELDS` say. `[...headers]` has all of it.
     */
    toJSON(): [name: string, value: string][];
}
