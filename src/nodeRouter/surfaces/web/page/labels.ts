// Boxes of map labels: how wide a text is, where beside its marker it can stand, and whether there is room. Pure.
import { displayWidth } from "../../../../shared/displayWidth.ts";
import { type Point, round, type Size } from "./geometry.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The box around a point. */
export function boxAround({ x, y }: Point, width: number, height = width): Box {
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** Longer names are cut on the map; table and detail have them whole. */
export const MAX_LABEL = 24;

const LINE = 15;

/** What a letter of the map's bold 12.5 px type takes in a wide font: a box too wide does no harm. */
const LETTER = 8;
const SMALL_LETTER = 6.8;

/** The first letters of a text that is too long, by what people see as letters. */
export function cut(text: string, length = MAX_LABEL): string {
  // A name of many megabytes must not cost more than what is shown of it.
  const letters = [...letterSplitter.segment(text.slice(0, 20 * length))].map(({ segment }) => segment);
  return letters.length <= length && text.length <= 20 * length
    ? text
    : `${letters.slice(0, length - 1).join("")}…`;
}

const letterSplitter = new Intl.Segmenter("en", { granularity: "grapheme" });

interface LabelText {
  readonly title: string;
  readonly subtitle: string;
  /** Whether the marker stands left of its group's middle: then the left is tried first. */
  readonly leansLeft: boolean;
  /** Pixels from the marker's middle. */
  readonly gap: number;
}

/** Where the label can go, best first. */
export function labelBoxes(
  { x, y }: Point,
  { title, subtitle, leansLeft, gap }: LabelText,
): readonly { readonly box: Box; readonly anchor: "start" | "middle" | "end" }[] {
  const width = Math.max(displayWidth(cut(title)) * LETTER, displayWidth(cut(subtitle)) * SMALL_LETTER) + 4;
  const height = subtitle === "" ? LINE : 2 * LINE - 2;
  const box = (left: number, top: number): Box => {
    return { x: round(left), y: round(top), width: round(width), height };
  };
  const right = { box: box(x + gap, y - LINE / 2), anchor: "start" as const };
  const left = { box: box(x - gap - width, y - LINE / 2), anchor: "end" as const };
  const below = { box: box(x - width / 2, y + gap), anchor: "middle" as const };
  const above = { box: box(x - width / 2, y - gap - height), anchor: "middle" as const };
  return leansLeft ? [left, below, above, right] : [right, left, below, above];
}

/** Whether the box is inside the drawing and touches none of the others. */
export function fits(box: Box, others: readonly Box[], { width, height }: Size): boolean {
  return (
    box.x >= 2 &&
    box.y >= 2 &&
    box.x + box.width <= width - 2 &&
    box.y + box.height <= height - 2 &&
    others.every(
      (other) =>
        box.x + box.width <= other.x ||
        other.x + other.width <= box.x ||
        box.y + box.height <= other.y ||
        other.y + other.height <= box.y,
    )
  );
}
