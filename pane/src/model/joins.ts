// Who was behind which span: links with what they link.

import type { AccessEvent, Link, Segments, Span, Trace } from "../api/trace";
import { type Nanos, ZERO } from "../api/nanos";

export interface Join {
  link: Link;
  /** Null where the link names an event that is not in the answer. */
  event: AccessEvent | null;
  span: Span | null;
  segments: Segments | null;
}

/** All joins of a trace: asserted ones first, then by the start of their span. */
export function joinsOf(trace: Trace): Join[] {
  const events = new Map(trace.events.map((event) => [event.uid, event]));
  const spans = new Map(trace.spans.map((span) => [span.id, span]));
  const segments = new Map(trace.segments.map((one) => [one.linkId, one]));
  const joins = trace.links.map((link) => ({
    link,
    event: events.get(link.eventUid) ?? null,
    span: spans.get(link.spanId) ?? null,
    segments: segments.get(link.id) ?? null,
  }));
  return joins.sort((a, b) => rank(a) - rank(b) || compare(start(a), start(b)));
}

export function isAsserted(join: Join): boolean {
  return join.link.state === "asserted";
}

/** The join that the page speaks of: the chosen event's, else the first that is asserted. */
export function spokenOf(joins: Join[], eventUid: string | null): Join | null {
  const chosen = joins.find((join) => eventUid !== null && join.link.eventUid === eventUid);
  return chosen ?? joins.find(isAsserted) ?? null;
}

/** Who: a name where we may see it, else the pseudonym. */
export function person(event: AccessEvent): string | null {
  return event.userName ?? event.principalId;
}

function rank(join: Join): number {
  return isAsserted(join) ? 0 : join.link.state === "candidate" ? 1 : 2;
}

function start(join: Join): Nanos {
  return join.span?.start ?? join.event?.start ?? ZERO;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
