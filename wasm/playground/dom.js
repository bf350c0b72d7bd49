// Functions of the document that the playground and the switchboard's page use.

/** Scrolls an item of a list into view without scrolling the page. @param {HTMLElement} list @param {HTMLElement} item */
export function bring(list, item) {
  // The list may be the offset parent of its items or not, so positions on the screen are compared.
  const top = item.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientTop + list.scrollTop;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + item.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + item.offsetHeight - list.clientHeight;
}

/**
 * Returns the node and the character at a position of the screen.
 * @param {number} x @param {number} y @returns {{ node: Node | null, offset: number }}
 */
export function caretAt(x, y) {
  /** @type {any} */
  const found = document.caretPositionFromPoint?.(x, y) ?? document.caretRangeFromPoint?.(x, y);
  return { node: found?.offsetNode ?? found?.startContainer ?? null, offset: found?.offset ?? found?.startOffset ?? 0 };
}
