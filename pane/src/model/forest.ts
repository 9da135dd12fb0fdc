// Spans in tree order. Whatever the senders sent is drawn, once: orphans, rings, several roots.

import type { Span } from "../api/trace";
import { type Axis, offsetOf } from "./axis";

/** One span at its place. Rows stand in tree order, so a subtree is the stretch of rows up to `past`. */
export interface Row {
  index: number;
  span: Span;
  depth: number;
  /** The parent's index, -1 at the top. */
  parent: number;
  /** The first index behind the subtree. */
  past: number;
  childCount: number;
  /** Its parent is named and not here. */
  orphan: boolean;
  /** It is its own ancestor. */
  ring: boolean;
  /** On the axis, in nanoseconds; a span without time begins at 0. */
  from: number;
  to: number;
}

export function forestOf(spans: Span[], axis: Axis): Row[] {
  const known = new Set(spans.map((span) => span.id));
  const children = new Map<string, Span[]>();
  const tops: Top[] = [];
  for (const span of spans) {
    const parent = span.parentId;
    if (parent === null) tops.push({ span, orphan: false, ring: false });
    else if (!known.has(parent)) tops.push({ span, orphan: true, ring: false });
    else append(children, parent, span);
  }
  const walk = new Walk(children, axis);
  tops.sort((a, b) => earlier(a.span, b.span)).forEach((top) => walk.from(top));
  // What is left hangs on a ring of parents, which no top reaches.
  const left = spans.filter((span) => !walk.seen.has(span)).sort(earlier);
  left.forEach((span) => walk.from({ span, orphan: false, ring: true }));
  return walk.rows;
}

interface Top {
  span: Span;
  orphan: boolean;
  ring: boolean;
}

class Walk {
  readonly rows: Row[] = [];
  readonly seen = new Set<Span>();

  constructor(
    private readonly children: Map<string, Span[]>,
    private readonly axis: Axis,
  ) {}

  /** Without recursion: a chain of a hundred thousand spans is a legal trace. */
  from(top: Top): void {
    if (this.seen.has(top.span)) return;
    const open: { row: number; left: Span[] }[] = [{ row: this.enter(top, -1, 0), left: this.under(top.span) }];
    for (let last = open.at(-1); last; last = open.at(-1)) {
      const next = last.left.pop();
      if (next === undefined) {
        this.at(last.row).past = this.rows.length;
        open.pop();
      } else if (!this.seen.has(next)) {
        this.at(last.row).childCount += 1;
        const row = this.enter({ span: next, orphan: false, ring: false }, last.row, open.length);
        open.push({ row, left: this.under(next) });
      }
    }
  }

  private enter(top: Top, parent: number, depth: number): number {
    const { span, orphan, ring } = top;
    this.seen.add(span);
    const from = span.start === null ? 0 : offsetOf(this.axis, span.start);
    const index = this.rows.length;
    const to = from + Number(span.duration);
    this.rows.push({ index, span, depth, parent, past: index + 1, childCount: 0, orphan, ring, from, to });
    return index;
  }

  /** The children, last first, so that the first is at the end where it is taken. */
  private under(span: Span): Span[] {
    const found = this.children.get(span.id);
    this.children.delete(span.id);
    return found ? found.sort((a, b) => earlier(b, a)) : [];
  }

  private at(index: number): Row {
    const row = this.rows[index];
    if (!row) throw new RangeError(`no row ${index}`);
    return row;
  }
}

function append(children: Map<string, Span[]>, parent: string, span: Span): void {
  const siblings = children.get(parent);
  if (siblings) siblings.push(span);
  else children.set(parent, [span]);
}

function earlier(a: Span, b: Span): number {
  const [left, right] = [a.start ?? 0n, b.start ?? 0n];
  if (left !== right) return left < right ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
