// A trace as OTLP/JSON, for whoever takes it to another tool. Attribute values are text, as the API has them.

import type { WireSpan, WireTrace } from "../api/wire";
import { parseNanos, parseTime } from "../api/nanos";

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES = ["unset", "ok", "error"];

interface Attribute {
  key: string;
  value: { stringValue: string };
}

export function otlpOf(trace: WireTrace): string {
  const groups = new Map<string, WireSpan[]>();
  for (const span of trace.spans) {
    const key = JSON.stringify([span.resource, span.scope_name, span.scope_version]);
    groups.set(key, [...(groups.get(key) ?? []), span]);
  }
  const resourceSpans = [...groups.values()].map((spans) => ({
    resource: { attributes: attributes(spans[0]?.resource ?? {}) },
    scopeSpans: [
      {
        scope: { name: spans[0]?.scope_name ?? "", version: spans[0]?.scope_version ?? "" },
        spans: spans.map((span) => spanOf(trace.trace_id, span)),
      },
    ],
  }));
  return JSON.stringify({ resourceSpans }, null, 2);
}

function spanOf(traceId: string, span: WireSpan): object {
  const start = parseTime(span.start_time) ?? 0n;
  return {
    traceId,
    spanId: span.span_id,
    parentSpanId: span.parent_span_id ?? "",
    name: span.name,
    kind: Math.max(0, KINDS.indexOf(span.kind)),
    startTimeUnixNano: start.toString(),
    endTimeUnixNano: (start + (parseNanos(span.duration_ns) ?? 0n)).toString(),
    attributes: attributes(span.attributes),
    status: { code: Math.max(0, STATUSES.indexOf(span.status_code)), message: span.status_message ?? "" },
  };
}

function attributes(entries: Record<string, string>): Attribute[] {
  return Object.entries(entries).map(([key, value]) => ({ key, value: { stringValue: value } }));
}
