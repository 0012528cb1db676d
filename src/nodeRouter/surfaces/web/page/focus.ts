// What has the focus, and how it gets it again.

/** Whether it can be given the focus. */
export function isFocusable(element: Element | null): element is HTMLElement | SVGElement {
  return (element instanceof HTMLElement || element instanceof SVGElement) && element !== document.body;
}

/** Gives it the focus, where it is there. @param key its `data-focus`, or its id. */
export function focusOn(key: string, isSeen: boolean): void {
  const found =
    [...document.querySelectorAll("[data-focus], [id]")].find(
      (element) => (element.getAttribute("data-focus") ?? element.id) === key,
    ) ?? null;
  if (isFocusable(found)) found.focus({ preventScroll: !isSeen });
}
