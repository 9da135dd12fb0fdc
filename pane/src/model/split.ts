// Where the time of one request went. It always sums to the total; what nobody measured is named, never 0.

import type { Missing, Span, Trace } from "../api/trace";
import { type Nanos, ZERO, larger, minus, nanos, plus, smaller } from "../api/nanos";
import { endOf, leadOf } from "./axis";
import { type Join, isAsserted } from "./joins";

/** Who told it: the edge's own stamps, the spans, or nobody, since it is what remains. */
export type Source = "edge" | "spans" | "rest";

export interface Portion {
  name: string;
  source: Source;
  length: Nanos;
  /** Named parts of it, for the reader. */
  of: { name: string; length: Nanos }[];
}

export interface Split {
  /** The request that is spoken of; null where the trace has none with a time. */
  span: Span | null;
  total: Nanos;
  /** In the order in which it happens; the lengths sum to `total`. */
  portions: Portion[];
  missing: Missing[];
  /** By how much the parts were longer than the request: the two clocks disagree. */
  overlap: Nanos;
  /** How long before its span the request began. */
  before: Nanos;
}

/** Splits the request of a join, or the trace's first request where nothing is joined. */
export function splitOf(trace: Trace, join: Join | null): Split {
  const span = join?.span ?? firstRequest(trace.spans);
  if (!span || span.start === null) return { span: null, total: ZERO, portions: [], missing: [], overlap: ZERO, before: ZERO };
  const inside = insideOf(trace.spans, span);
  const lead = join && leadOf(join);
  const start = lead === null || lead === undefined ? span.start : smaller(lead, span.start);
  const wanted = minus(inside.end, start);
  const measured = join?.segments?.measured ?? [];
  const portions: Portion[] = [
    ...measured.map(({ name, length, portions: of }): Portion => ({ name, source: "edge", length, of })),
    { name: "our_code", source: "spans", length: inside.ours, of: [] },
    { name: "dependency", source: "spans", length: inside.waiting, of: [] },
  ];
  const sum = portions.reduce((all, portion) => plus(all, portion.length), ZERO);
  portions.push({ name: "unexplained", source: "rest", length: larger(minus(wanted, sum), ZERO), of: [] });
  return {
    span,
    total: larger(wanted, sum),
    portions: portions.filter((portion) => portion.length > ZERO),
    missing: join?.segments?.missing ?? [{ name: "edge_and_client", why: whyNoEdge(join) }],
    overlap: larger(minus(sum, wanted), ZERO),
    before: minus(span.start, start),
  };
}

/** The portion that stands out: a third of the total or more, and the largest. */
export function largest(split: Split): Portion | null {
  const ordered = [...split.portions].sort((a, b) => (a.length < b.length ? 1 : -1));
  const first = ordered[0];
  return first && first.length * 3n >= split.total ? first : null;
}

function whyNoEdge(join: Join | null): string {
  if (join === null) return "no access event is linked to this request";
  return isAsserted(join) ? "the answer has no segments for this link" : "the link is a candidate only";
}

/** A request: a server's or consumer's span that no other span here of its service called, the earliest of them; else the earliest. */
export function firstRequest(spans: Span[]): Span | null {
  const requests = requestsOf(spans);
  const own = spans.filter((span) => !span.synthetic && span.start !== null);
  return earliest(requests) ?? earliest(own);
}

export function requestsOf(spans: Span[]): Span[] {
  const byId = new Map(spans.map((span) => [span.id, span]));
  return spans.filter((span) => {
    if (span.synthetic || span.start === null || (span.kind !== "server" && span.kind !== "consumer")) return false;
    const parent = span.parentId === null ? undefined : byId.get(span.parentId);
    return parent === undefined || parent.service !== span.service;
  });
}

function earliest(spans: Span[]): Span | null {
  return spans.reduce<Span | null>((first, span) => (first && (first.start ?? ZERO) <= (span.start ?? ZERO) ? first : span), null);
}

/** Inside the request: its own time, and the time in which a call that it made was open. */
function insideOf(spans: Span[], request: Span): { end: Nanos; ours: Nanos; waiting: Nanos } {
  const under = subtree(spans, request);
  const calls = under.filter((span) => span.kind === "client" || span.kind === "producer");
  const all = under.map(interval).filter((one) => one !== null);
  const end = all.reduce((last, one) => larger(last, one[1]), endOf(request) ?? ZERO);
  const waiting = covered(calls.map(interval).filter((one) => one !== null));
  return { end, ours: minus(covered(all), waiting), waiting };
}

/** The request's span and all below it but what Fanlight made. */
function subtree(spans: Span[], top: Span): Span[] {
  const children = new Map<string, Span[]>();
  for (const span of spans) {
    if (span.synthetic || span.parentId === null) continue;
    children.set(span.parentId, [...(children.get(span.parentId) ?? []), span]);
  }
  const found = new Set<Span>([top]);
  for (const span of found) {
    for (const child of children.get(span.id) ?? []) found.add(child);
  }
  return [...found];
}

function interval(span: Span): [Nanos, Nanos] | null {
  return span.start === null ? null : [span.start, plus(span.start, span.duration)];
}

/** How much time the intervals cover together. */
export function covered(intervals: [Nanos, Nanos][]): Nanos {
  const sorted = [...intervals].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  let sum = 0n;
  let past: Nanos | null = null;
  for (const [from, to] of sorted) {
    const begin: Nanos = past === null ? from : larger(from, past);
    if (to > begin) sum += to - begin;
    past = past === null ? to : larger(past, to);
  }
  return nanos(sum);
}
