// What a detail is made of: names with texts, parts that open and close, lists in them.
import type { ComponentChildren } from "preact";
import { UNKNOWN } from "./format.ts";
import { Outside } from "./parts.tsx";

/** Names with their texts; what is unknown is left out. */
export function Pairs({ entries }: { readonly entries: readonly (readonly [string, string])[] }) {
  return (
    <dl>
      {entries
        .filter(([, text]) => text !== UNKNOWN)
        .map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Outside text={text} />
            </dd>
          </div>
        ))}
    </dl>
  );
}

interface PartProps {
  readonly title: string;
  /** At first; then it is the reader's. */
  readonly isClosed?: boolean;
  readonly children: ComponentChildren;
}

/** Opens and closes. */
export function FoldedPart({ title, isClosed = false, children }: PartProps) {
  return (
    <details open={!isClosed}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

interface ListProps extends Omit<PartProps, "children"> {
  readonly isOrdered?: boolean;
  /** Texts are from outside. */
  readonly items: readonly ComponentChildren[];
}

/** Not there when there is nothing in it. */
export function FoldedList({ items, isOrdered = false, ...part }: ListProps) {
  if (items.length === 0) return null;
  const Tag = isOrdered ? "ol" : "ul";
  return (
    <FoldedPart {...part}>
      <Tag class="plain">
        {items.map((item, index) => (
          <li key={`${index}`}>{typeof item === "string" ? <Outside text={item} /> : item}</li>
        ))}
      </Tag>
    </FoldedPart>
  );
}
