// A trace as the pane works with it: the wire's text turned into types, nothing else.

import { isRecord, unreadable } from "./problem";
import { type Nanos, ZERO, parseMicros, parseNanos, parseTime } from "./nanos";
import type { WireAccessEvent, WireLink, WireSegments, WireSpan, WireTrace } from "./wire";

export interface Span {
  id: string;
  parentId: string | null;
  name: string;
  kind: string;
  service: string | null;
  /** Null where the sender gave none. */
  start: Nanos | null;
  /** Never negative. */
  duration: Nanos;
  /** The sender's end lay before its start. */
  endsBeforeStart: boolean;
  status: string;
  statusMessage: string | null;
  peerAddress: string | null;
  peerPort: number | null;
  scopeName: string | null;
  scopeVersion: string | null;
  attributes: [string, string][];
  resource: [string, string][];
  /** Made by Fanlight from a late access event. */
  synthetic: boolean;
}

export const STAMPS = [
  "connection_start",
  "ca_tx",
  "ca_rx",
  "app_learn_start",
  "setup_complete",
  "first_rx_client",
  "first_tx_connector",
  "first_rx_connector",
  "first_tx_client",
  "last_rx_client",
  "last_tx_connector",
  "last_rx_connector",
  "last_tx_client",
  "connection_end",
] as const;

export type StampName = (typeof STAMPS)[number];

export interface AccessEvent {
  uid: string;
  product: string;
  feed: string;
  start: Nanos | null;
  end: Nanos | null;
  arrival: Nanos | null;
  principalId: string | null;
  userName: string | null;
  device: string | null;
  clientAddress: string | null;
  serviceEdge: string | null;
  appConnector: string | null;
  connector: string | null;
  server: string | null;
  app: string | null;
  appSegment: string | null;
  disposition: string | null;
  effects: string[];
  rule: string | null;
  reason: string | null;
  parseLevel: string;
  raw: string;
  serverSetup: Nanos | null;
  stamps: Record<StampName, Nanos | null>;
  /** All that the answer has of it, in the answer's order, for the table. */
  fields: [string, string][];
}

export interface Link {
  id: string;
  spanId: string;
  eventUid: string;
  rung: string;
  relation: string;
  confidence: number;
  runnerUp: number;
  residualMs: number;
  lateByMs: number;
  state: string;
  decided: Nanos | null;
  firstOnConnection: boolean;
}

export interface Missing {
  name: string;
  why: string;
}

export interface Measured {
  name: string;
  length: Nanos;
  portions: { name: string; length: Nanos }[];
}

export interface Segments {
  linkId: string;
  measured: Measured[];
  missing: Missing[];
}

export interface Trace {
  id: string;
  spans: Span[];
  events: AccessEvent[];
  links: Link[];
  segments: Segments[];
  missing: Missing[];
  /** The answer as it came, for whoever wants to take it along. */
  wire: WireTrace;
}

export function decodeTrace(answer: unknown): Trace {
  if (!isWireTrace(answer)) throw unreadable("the trace");
  return {
    id: answer.trace_id,
    spans: answer.spans.map(decodeSpan),
    events: answer.access_events.map(decodeEvent),
    links: answer.links.map(decodeLink),
    segments: (answer.segments ?? []).map(decodeSegments),
    missing: answer.missing ?? [],
    wire: answer,
  };
}

function isWireTrace(answer: unknown): answer is WireTrace {
  return isRecord(answer) && ["spans", "access_events", "links"].every((name) => Array.isArray(answer[name]));
}

function decodeSpan(wire: WireSpan): Span {
  const start = parseTime(wire.start_time);
  const duration = parseNanos(wire.duration_ns) ?? ZERO;
  return {
    id: wire.span_id,
    parentId: wire.parent_span_id || null,
    name: wire.name,
    kind: wire.kind,
    service: wire.service_name,
    start: start === ZERO ? null : start,
    duration: duration < ZERO ? ZERO : duration,
    endsBeforeStart: duration < ZERO,
    status: wire.status_code,
    statusMessage: wire.status_message,
    peerAddress: wire.peer_address,
    peerPort: wire.peer_port,
    scopeName: wire.scope_name,
    scopeVersion: wire.scope_version,
    attributes: Object.entries(wire.attributes ?? {}),
    resource: Object.entries(wire.resource ?? {}),
    synthetic: wire.synthetic,
  };
}

export function decodeEvent(wire: WireAccessEvent): AccessEvent {
  const text = (name: keyof WireAccessEvent): string | null => {
    const value = wire[name];
    return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;
  };
  const stamps = Object.fromEntries(
    STAMPS.map((name) => [name, parseTime(text(`stamp_${name}`))]),
  ) as Record<StampName, Nanos | null>;
  return {
    uid: text("event_uid") ?? "",
    product: text("product") ?? "access",
    feed: text("feed") ?? "",
    start: parseTime(text("start_time")),
    end: parseTime(text("end_time")),
    arrival: parseTime(text("arrival_time")),
    principalId: text("principal_id"),
    userName: text("user_name"),
    device: text("device"),
    clientAddress: text("client_address"),
    serviceEdge: text("service_edge"),
    appConnector: text("app_connector"),
    connector: endpoint(text("connector_address"), text("connector_port")),
    server: endpoint(text("server_address"), text("server_port")),
    app: text("app"),
    appSegment: text("app_segment"),
    disposition: text("disposition"),
    effects: wire.effects ?? [],
    rule: text("rule"),
    reason: text("reason"),
    parseLevel: text("parse_level") ?? "",
    raw: text("raw") ?? "",
    serverSetup: parseMicros(text("phase_server_setup_us")),
    stamps,
    fields: Object.entries(wire)
      .filter(([name, value]) => name !== "raw" && value !== null && value !== "")
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)]),
  };
}

/** `192.0.2.7:41000`, as far as it is known. */
export function endpoint(address: string | null, port: string | number | null): string | null {
  if (!address) return port === null ? null : `:${port}`;
  const host = address.includes(":") ? `[${address}]` : address;
  return port === null ? address : `${host}:${port}`;
}

function decodeLink(wire: WireLink): Link {
  return {
    id: wire.link_id,
    spanId: wire.span_id,
    eventUid: wire.event_uid,
    rung: wire.rung,
    relation: wire.relation,
    confidence: wire.confidence,
    runnerUp: wire.runner_up,
    residualMs: wire.residual_ms,
    lateByMs: wire.late_by_ms,
    state: wire.state,
    decided: parseTime(wire.decided_time),
    firstOnConnection: wire.first_on_connection,
  };
}

function decodeSegments(wire: WireSegments): Segments {
  return {
    linkId: wire.link_id,
    measured: wire.measured.map((one) => ({
      name: one.name,
      length: parseNanos(one.duration_ns) ?? ZERO,
      portions: wire.portions
        .filter((portion) => portion.of === one.name)
        .map((portion) => ({ name: portion.name, length: parseNanos(portion.duration_ns) ?? ZERO })),
    })),
    missing: wire.missing,
  };
}
