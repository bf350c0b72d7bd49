/**
 * The field lines of a head or trailer section, in the order and spelling in which they came (RFC 9110, 5). Nothing is
 * decoded, joined or lower-cased: a character is a byte. Names and values become strings when they are asked for.
 */
export declare class Headers implements Iterable<[name: string, value: string]> {
    #private;
    /** How many field lines there are. */
    get length(): number;
    /** The field line at `index`, counted from 0; `undefined` after the last. */
    at(index: number): [name: string, value: string] | undefined;
    /** The value of the first field line of that name, in any case (RFC 9110, 5.1); `undefined` where there is none. */
    get(name: string): string | undefined;
    /** The values of all field lines of that name, in any case and in order. */
    getAll(name: string): string[];
    /** Whether there is a field line of that name, in any case. */
    has(name: string): boolean;
    /** All field lines in order. */
    [Symbol.iterator](): IterableIterator<[name: string, value: string]>;
    /** All field lines in order, in a new array. */
    lines(): [name: string, value: string][];
    /** Each name and after it its value, in one new array: the least that can be made of all lines. Node calls it `rawHeaders`. */
    flat(): string[];
    /**
     * All field lines as an array, for logs: without what the fields of `SECRET_FIELDS` say. `[...headers]` has all of it.
     */
    toJSON(): [name: string, value: string][];
}
