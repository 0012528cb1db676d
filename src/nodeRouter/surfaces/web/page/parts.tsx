// Small pieces that every part of the page is made of. SECURITY: text from outside goes in as text, never as markup.
import { type ComponentChildren, options } from "preact";
import type { PresenceState } from "../../../../presence/record.ts";
import { safe } from "../../../../shared/safeText.ts";
import { Icon } from "./icons.tsx";

/** From here on every attribute value is harmless text, whoever writes it: no control character turns a line around. */
export function makeAttributesHarmless(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    if (typeof vnode.type === "string") {
      const props: object = vnode.props;
      for (const [name, value] of Object.entries(props))
        if (typeof value === "string" && name !== "value" && name !== "children")
          Reflect.set(props, name, safe(value));
    }
    before?.(vnode);
  };
}

interface OutsideProps {
  readonly text: string;
  readonly class?: string;
  readonly title?: string;
}

/** Text from outside, kept from turning the line around: in `<bdi>`, with control characters made visible. */
export function Outside({ text, ...attributes }: OutsideProps) {
  return <bdi {...attributes}>{safe(text)}</bdi>;
}

interface CardTableProps {
  /** Of the card whose title names it. */
  readonly id: string;
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}

/** Rows under their columns; where there is no room for those, the styles make a card of each row. */
export function CardTable({ id, columns, children }: CardTableProps) {
  return (
    <div class="scroll">
      <table class="lines-table cards" aria-labelledby={`${id}-title`} role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((title) => (
              <th key={title} scope="col" role="columnheader">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody id={`${id}-body`} role="rowgroup">
          {children}
        </tbody>
      </table>
    </div>
  );
}

interface CardCellProps {
  /** Of its column, for where a row is a card. */
  readonly title: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function CardCell({ title, children, ...attributes }: CardCellProps) {
  return (
    <td role="cell" data-title={title} {...attributes}>
      {children}
    </td>
  );
}

interface RowHeadProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly hint?: string;
}

/** The cell that names its row. */
export function RowHead({ title, children, hint }: RowHeadProps) {
  return (
    <th scope="row" role="rowheader" data-title={title} title={hint}>
      {children}
    </th>
  );
}

interface LinkProps {
  readonly onClick: () => void;
  readonly children: ComponentChildren;
  readonly title?: string;
  /** By which a reload of the page finds it again. */
  readonly focusKey?: string;
  readonly isOpen?: boolean;
}

/** A button that looks like a link. */
export function LinkButton({ onClick, children, title, focusKey, isOpen }: LinkProps) {
  return (
    <button
      type="button"
      class="link-button"
      title={title}
      data-focus={focusKey}
      aria-expanded={isOpen}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** The state in words, with its shape. */
export function StateText({ state }: { readonly state: PresenceState }) {
  return (
    <span class={`state ${state}`}>
      <Icon state={state} />
      {state}
    </span>
  );
}

interface CardProps {
  readonly id: string;
  readonly title: ComponentChildren;
  /** Nothing is drawn. */
  readonly isHidden?: boolean;
  readonly children: ComponentChildren;
}

/** A section with its heading; it stays in the document while it is hidden, so that nothing around it moves. */
export function Card({ id, title, isHidden = false, children }: CardProps) {
  return (
    <section id={id} class="card" aria-labelledby={`${id}-title`} hidden={isHidden}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

/** A command as a line of code, and a button that copies it. */
export function CopyLine({ text }: { readonly text: string }) {
  return (
    <li class="command">
      <code>
        <Outside text={text} />
      </code>{" "}
      <button type="button" aria-label={`Copy ${text}`} onClick={copyBefore}>
        Copy
      </button>
    </li>
  );
}

function copyBefore({ currentTarget }: { readonly currentTarget: HTMLButtonElement }): void {
  const code = currentTarget.parentElement?.querySelector("code");
  // Selected, so that where the frame may not copy, the keys still can.
  if (code != null) document.getSelection()?.selectAllChildren(code);
  // The newer way is closed to a frame without an origin.
  if (document.execCommand("copy")) currentTarget.textContent = "Copied";
}
