// Each service of a trace has a tint of its own; names tell them apart, the tint only helps.

import type { Span } from "../api/trace";

/** As many as are told apart without saturated colour. */
export const TINTS = 6;

/** Services in the order in which they appear. */
export function servicesOf(spans: Span[]): string[] {
  return [...new Set(spans.filter((span) => !span.synthetic).map((span) => serviceOf(span)))];
}

export function serviceOf(span: Span): string {
  return span.service ?? "unnamed service";
}

export function tintsOf(spans: Span[]): Map<string, number> {
  return new Map(servicesOf(spans).map((service, index) => [service, index % TINTS]));
}

/** What tells spans of one name apart, by OpenTelemetry's keys, old and new. */
const TELLING = [
  "db.query.text",
  "db.statement",
  "url.full",
  "http.url",
  "url.path",
  "http.target",
  "messaging.destination.name",
  "rpc.method",
];

/** A few words more about a span than its name says; null where there are none. */
export function detailOf(span: Span): string | null {
  for (const telling of TELLING) {
    const value = span.attributes.find(([key]) => key === telling)?.[1];
    if (value && !span.name.includes(value)) return value.replace(/^https?:\/\//, "");
  }
  return null;
}
