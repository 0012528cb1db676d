// Makes and updates elements. SECURITY: text goes in as text, never as markup; attribute values are made harmless.
import { safe } from "../../../../shared/safeText.ts";

const SVG = "http://www.w3.org/2000/svg";

type Attributes = Readonly<Record<string, string | number | boolean | null>>;
type Child = Node | string | null;

/** A new element. Attributes as `setAttributes` takes them; text becomes text, never markup. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

/** As `html`, of an SVG drawing. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  setAttributes(made, attributes);
  setChildren(made, ...children);
  return made;
}

/** A button that looks like a link. */
export function linkButton(
  attributes: Attributes,
  onClick: () => void,
  ...children: readonly Child[]
): HTMLButtonElement {
  const button = html("button", { type: "button", class: "link-button", ...attributes }, ...children);
  button.addEventListener("click", onClick);
  return button;
}

/** Sets what differs; null and false take the attribute away, true leaves it empty. */
export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = value === true ? "" : safe(String(value));
    if (value === null || value === false) element.removeAttribute(name);
    else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Text from outside, kept from turning the line around: in `<bdi>`, with control characters made visible. */
export function outside(text: string, attributes: Attributes = {}): HTMLElement {
  return html("bdi", attributes, safe(text));
}

/** Only when it differs, so that screen readers and selections are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Replaces all children; null is left out. */
export function setChildren(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== null));
}

/** Elements of a list, kept by key over updates. */
export interface Keyed<T> {
  update(items: readonly T[]): void;
}

/**
 * Keeps one child of `parent` for every item, in their order. What has the focus keeps it.
 */
export function keyed<T, E extends Element>(
  parent: Element,
  keyOf: (item: T) => string,
  create: (item: T) => E,
  change: (element: E, item: T) => void,
): Keyed<T> {
  let elements = new Map<string, E>();
  return {
    update(items) {
      const focused = document.activeElement;
      const next = new Map<string, E>();
      for (const item of items) {
        const key = keyOf(item);
        const element = elements.get(key) ?? create(item);
        change(element, item);
        next.set(key, element);
      }
      for (const [key, element] of elements) if (!next.has(key)) element.remove();
      let cursor = parent.firstElementChild;
      for (const element of next.values()) {
        if (element === cursor) cursor = cursor.nextElementSibling;
        else parent.insertBefore(element, cursor);
      }
      elements = next;
      // Moving an element takes the focus from it.
      if (focused !== document.activeElement && isFocusable(focused) && parent.contains(focused)) {
        focused.focus({ preventScroll: true });
      }
    },
  };
}

function isFocusable(element: Element | null): element is HTMLElement | SVGElement {
  return element instanceof HTMLElement || element instanceof SVGElement;
}

/** An element of page.html. */
export function byId<T extends Element>(id: string, kind: new () => T): T {
  const found: unknown = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`page.html has no ${kind.name} #${id}`);
}
