// Traces for tests, made up; nothing of the pane imports this.

import { type Trace, decodeTrace } from "../api/trace";

/** 22 November 2026, 07:00:00 UTC, plus milliseconds. */
export function at(millis: number): string {
  const whole = Math.floor(millis / 1000);
  const rest = Math.round((millis - whole * 1000) * 1e6);
  return `2026-11-22T07:00:${String(whole).padStart(2, "0")}.${String(rest).padStart(9, "0")}Z`;
}

export function span(id: string, parent: string | null, from: number, length: number, more: object = {}): object {
  return {
    span_id: id,
    parent_span_id: parent,
    name: `span ${id}`,
    kind: "internal",
    service_name: "shop",
    start_time: at(from),
    duration_ns: String(Math.round(length * 1e6)),
    status_code: "unset",
    status_message: null,
    peer_address: null,
    peer_port: null,
    attributes: {},
    resource: {},
    synthetic: false,
    ...more,
  };
}

export const EVENT = {
  event_uid: "e1",
  product: "zpa",
  feed: "zpa_user_activity",
  start_time: at(0),
  end_time: at(500),
  user_name: "ana@example.com",
  principal_id: "fl:default:h:ana",
  service_edge: "EU-1",
  app_connector: "dc1-a",
  connector_address: "192.0.2.7",
  connector_port: 41000,
  server_address: "198.51.100.20",
  server_port: 8080,
  app: "order desk",
  disposition: "allowed",
  effects: [],
  rule: "Staff to shop",
  stamp_connection_start: at(0),
  stamp_setup_complete: at(180),
  raw: "{}",
};

export const LINK = {
  link_id: "l1",
  span_id: "a",
  event_uid: "e1",
  rung: "R3",
  relation: "same_connection",
  confidence: 0.998,
  runner_up: 0,
  residual_ms: 0,
  late_by_ms: 12.5,
  state: "asserted",
  decided_time: at(900),
  first_on_connection: true,
};

export const SEGMENTS = {
  link_id: "l1",
  span_id: "a",
  event_uid: "e1",
  measured: [
    { name: "edge_policy", duration_ns: "10000000" },
    { name: "connector_setup", duration_ns: "160000000" },
    { name: "server_connect", duration_ns: "5000000" },
  ],
  portions: [{ of: "edge_policy", name: "policy", duration_ns: "304000" }],
  missing: [{ name: "last_mile", why: "User Activity cannot separate it" }],
};

/** A request of 232 ms, 180 ms after its connection began; 100 ms of it waits for a call. */
export function joined(more: object = {}): Trace {
  return trace({
    spans: [
      span("a", null, 180, 232, { kind: "server", peer_address: "192.0.2.7", peer_port: 41000 }),
      span("b", "a", 200, 100, { kind: "client", name: "select orders" }),
    ],
    access_events: [EVENT],
    links: [LINK],
    segments: [SEGMENTS],
    ...more,
  });
}

export function trace(parts: object): Trace {
  return decodeTrace({
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    spans: [],
    access_events: [],
    links: [],
    segments: [],
    missing: [],
    ...parts,
  });
}
