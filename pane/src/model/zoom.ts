// Which stretch of the axis is seen.

/** A stretch in nanoseconds from the axis's beginning. */
export interface Stretch {
  from: number;
  to: number;
}

/** Nothing finer is of use: a browser's pixel would be less than a nanosecond. */
const SHORTEST = 1_000;

export function whole(length: number): Stretch {
  return { from: 0, to: length };
}

export function isWhole(view: Stretch, length: number): boolean {
  return view.from <= 0 && view.to >= length;
}

/** Makes the view `factor` times as long, keeping what is under `at` where it is. */
export function zoomed(view: Stretch, factor: number, at: number, length: number): Stretch {
  const size = clamp((view.to - view.from) * factor, Math.min(SHORTEST, length), length);
  const part = (at - view.from) / (view.to - view.from || 1);
  return placed(at - part * size, size, length);
}

/** Moves the view by a part of its length. */
export function panned(view: Stretch, part: number, length: number): Stretch {
  const size = view.to - view.from;
  return placed(view.from + part * size, size, length);
}

/** A view from two ends in any order. */
export function between(a: number, b: number, length: number): Stretch {
  const from = clamp(Math.min(a, b), 0, length);
  const to = clamp(Math.max(a, b), 0, length);
  return to - from < Math.min(SHORTEST, length) ? placed(from, Math.min(SHORTEST, length), length) : { from, to };
}

/** Where a moment stands in the view, 0 at its left and 1 at its right end. */
export function placeOf(view: Stretch, at: number): number {
  return (at - view.from) / (view.to - view.from || 1);
}

function placed(from: number, size: number, length: number): Stretch {
  const start = clamp(from, 0, Math.max(0, length - size));
  return { from: start, to: start + size };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
