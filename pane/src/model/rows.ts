// Which rows are seen: folding, and "only matches".

import type { Row } from "./forest";

/** The rows to draw, in order. A folded row hides its subtree; `only` hides all others. */
export function visibleRows(rows: Row[], folded: ReadonlySet<number>, only: ReadonlySet<number> | null): Row[] {
  const seen: Row[] = [];
  for (let index = 0; index < rows.length; ) {
    const row = rows[index];
    if (!row) break;
    if (only === null || only.has(index)) seen.push(row);
    index = folded.has(index) && only === null ? row.past : index + 1;
  }
  return seen;
}

/** Every row that has something to fold. */
export function foldAll(rows: Row[]): Set<number> {
  return new Set(rows.filter((row) => row.childCount > 0 && row.depth > 0).map((row) => row.index));
}

/** Folds the deepest level that is still open. */
export function foldOneLevel(rows: Row[], folded: ReadonlySet<number>): Set<number> {
  const open = visibleRows(rows, folded, null).filter((row) => row.childCount > 0 && !folded.has(row.index));
  const deepest = open.reduce((depth, row) => Math.max(depth, row.depth), 0);
  return new Set([...folded, ...open.filter((row) => row.depth === deepest).map((row) => row.index)]);
}

/** Opens the shallowest level that is folded. */
export function openOneLevel(rows: Row[], folded: ReadonlySet<number>): Set<number> {
  const shut = visibleRows(rows, folded, null).filter((row) => folded.has(row.index));
  const shallowest = shut.reduce((depth, row) => Math.min(depth, row.depth), Number.MAX_SAFE_INTEGER);
  const opened = new Set(folded);
  shut.filter((row) => row.depth === shallowest).forEach((row) => opened.delete(row.index));
  return opened;
}

/** What must be open for a row to be seen. */
export function openTo(rows: Row[], folded: ReadonlySet<number>, index: number): Set<number> {
  const opened = new Set(folded);
  for (let at = rows[index]?.parent ?? -1; at >= 0; at = rows[at]?.parent ?? -1) opened.delete(at);
  return opened;
}

/** Matches with all that they hang on. */
export function withAncestors(rows: Row[], matches: readonly number[]): Set<number> {
  const kept = new Set<number>();
  for (const match of matches) {
    for (let at = match; at >= 0 && !kept.has(at); at = rows[at]?.parent ?? -1) kept.add(at);
  }
  return kept;
}

/** Rows kept ready above and below, and by how many rows the window moves. */
const MARGIN = 12;
const STEP = 8;

export interface Window {
  from: number;
  to: number;
  /** How long it is where the rows do not end before: the same wherever it stands, so that elements can be used again. */
  length: number;
}

/** The rows that stand ready for `height` pixels from `top`. It moves in steps, so that scrolling redraws seldom. */
export function windowOf(top: number, height: number, rowHeight: number, count: number): Window {
  const length = Math.ceil((height / rowHeight + 1 + 2 * MARGIN + STEP) / STEP) * STEP;
  const first = Math.floor((Math.floor(top / rowHeight) - MARGIN) / STEP) * STEP;
  const from = Math.min(Math.max(0, first), count);
  return { from, to: Math.min(count, from + length), length };
}
