// The one time axis that spans and access events share.

import type { Span, Trace } from "../api/trace";
import { type Nanos, ZERO, larger, minus, nanos, plus, smaller } from "../api/nanos";
import { type Join, isAsserted } from "./joins";

/** Where the axis begins, and how long it is in nanoseconds, as a number for drawing. */
export interface Axis {
  origin: Nanos;
  length: number;
}

/** A set-up that began longer before its span than this is not drawn to scale: it idled, and would flatten the rest. */
const LONGEST_LEAD = nanos(60_000_000_000n);

export function axisOf(trace: Trace, joins: Join[]): Axis {
  const timed = trace.spans.filter((span) => span.start !== null);
  const starts = timed.map((span) => span.start ?? ZERO);
  const ends = timed.map((span) => plus(span.start ?? ZERO, span.duration));
  if (starts.length === 0) {
    const times = trace.events.flatMap((event) => [event.start, event.end].filter((time) => time !== null));
    starts.push(...times.slice(0, 1));
    ends.push(...times);
  }
  const first = starts.reduce(smaller, starts[0] ?? ZERO);
  const last = ends.reduce(larger, ends[0] ?? first);
  const leads = joins.map((join) => leadOf(join)).filter((lead) => lead !== null);
  const origin = leads.reduce(smaller, first);
  return { origin, length: Math.max(Number(minus(last, origin)), 1) };
}

/** The start of the connection whose set-up this join's request paid for; null where it is not to be shown. */
export function leadOf(join: Join): Nanos | null {
  const from = join.event?.start ?? null;
  const at = join.span?.start ?? null;
  if (!isAsserted(join) || !join.link.firstOnConnection || from === null || at === null) return null;
  return minus(at, from) < LONGEST_LEAD ? from : null;
}

/** A moment as a number of nanoseconds from the axis's beginning: the edge of the canvas. */
export function offsetOf(axis: Axis, time: Nanos): number {
  return Number(minus(time, axis.origin));
}

export function endOf(span: Span): Nanos | null {
  return span.start === null ? null : plus(span.start, span.duration);
}
