// OTLP as its protobuf is written, by hand: the tests share no line with what they test.

/** Sends spans to `POST /v1/traces`. Each is `{ traceId, spanId, parentSpanId, name, kind, start, end, attributes, ... }`. */
export async function sendSpans(otlp, resource, spans, scope = { name: "e2e.pane", version: "1" }) {
  const answer = await fetch(`${otlp}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: request(resource, spans, scope),
  });
  if (!answer.ok) throw new Error(`OTLP was refused with ${answer.status}: ${await answer.text()}`);
}

const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const STATUSES = { ok: 1, error: 2 };

function request(resource, spans, scope) {
  const scopeSpans = [message(1, [text(1, scope.name), text(2, scope.version)]), ...spans.map((span) => message(2, spanParts(span)))];
  return Buffer.concat([message(1, [message(1, attributes(1, resource)), message(2, scopeSpans)])]);
}

function spanParts(span) {
  const parts = [
    bytes(1, Buffer.from(span.traceId, "hex")),
    bytes(2, Buffer.from(span.spanId, "hex")),
    text(5, span.name),
    number(6, KINDS[span.kind] ?? 0),
    fixed64(7, span.start),
    fixed64(8, span.end),
    ...attributes(9, span.attributes ?? {}),
  ];
  if (span.parentSpanId) parts.push(bytes(4, Buffer.from(span.parentSpanId, "hex")));
  if (span.traceState) parts.push(text(3, span.traceState));
  for (const event of span.events ?? []) parts.push(message(11, [fixed64(1, span.start), text(2, event.name), ...attributes(3, event.attributes ?? {})]));
  if (span.status) parts.push(message(15, [text(2, span.status.message ?? ""), number(3, STATUSES[span.status.code] ?? 0)]));
  return parts;
}

function attributes(field, entries) {
  return Object.entries(entries).map(([key, value]) => message(field, [text(1, key), message(2, [anyValue(value)])]));
}

function anyValue(value) {
  if (typeof value === "number") return number(3, value);
  if (typeof value === "boolean") return number(2, value ? 1 : 0);
  if (Array.isArray(value)) return message(5, value.map((one) => message(1, [anyValue(one)])));
  return text(1, String(value));
}

function varint(value) {
  const out = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return Buffer.from([...out, Number(rest)]);
}

const tag = (field, type) => varint((field << 3) | type);
const bytes = (field, content) => Buffer.concat([tag(field, 2), varint(content.length), content]);
const text = (field, content) => bytes(field, Buffer.from(content ?? ""));
const message = (field, parts) => bytes(field, Buffer.concat(parts));
const number = (field, value) => Buffer.concat([tag(field, 0), varint(value)]);

function fixed64(field, value) {
  const content = Buffer.alloc(8);
  content.writeBigUInt64LE(value);
  return Buffer.concat([tag(field, 1), content]);
}
