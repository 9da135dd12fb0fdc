// What a search, a list of services and SQL answer, as the pane works with it.

import { type Nanos, ZERO, parseNanos, parseTime } from "./nanos";
import { isRecord, unreadable } from "./problem";
import type { WireFound, WireRows, WireSearch, WireServices, WireStatus, WireValues } from "./wire";

export interface Access {
  person: string | null;
  device: string | null;
  disposition: string | null;
  effects: string[];
  rule: string | null;
  app: string | null;
  rung: string;
  confidence: number;
}

export interface Found {
  traceId: string;
  service: string | null;
  name: string | null;
  start: Nanos;
  duration: Nanos;
  spanCount: number;
  errorCount: number;
  services: string[];
  matched: { spanId: string; name: string; service: string | null; duration: Nanos } | null;
  access: Access | null;
}

export interface SearchAnswer {
  found: Found[];
  partial: boolean;
  notes: string[];
  start: Nanos | null;
  end: Nanos | null;
}

export interface Counts {
  version: string;
  waitsFor: string | null;
  spans: bigint;
  events: bigint;
}

/** A value that occurs, and how often. */
export interface Occurrence {
  value: string;
  count: string;
}

export function decodeSearch(answer: unknown): SearchAnswer {
  if (!isRecord(answer) || !Array.isArray(answer["traces"])) throw unreadable("the list of traces");
  const wire = answer as unknown as WireSearch;
  return {
    found: wire.traces.map(decodeFound),
    partial: wire.partial === true,
    notes: Array.isArray(wire.notes) ? wire.notes : [],
    start: parseTime(wire.start),
    end: parseTime(wire.end),
  };
}

function decodeFound(wire: WireFound): Found {
  const { matched, access } = wire;
  return {
    traceId: wire.trace_id,
    service: wire.root_service,
    name: wire.root_name,
    start: parseTime(wire.start_time) ?? ZERO,
    duration: parseNanos(wire.duration_ns) ?? ZERO,
    spanCount: Number(wire.span_count),
    errorCount: Number(wire.error_count),
    services: wire.services ?? [],
    matched: matched && {
      spanId: matched.span_id,
      name: matched.name,
      service: matched.service_name,
      duration: parseNanos(matched.duration_ns) ?? ZERO,
    },
    access: access && {
      person: access.user_name ?? access.principal_id,
      device: access.device,
      disposition: access.disposition,
      effects: access.effects ?? [],
      rule: access.rule,
      app: access.app,
      rung: access.rung,
      confidence: access.confidence,
    },
  };
}

export function decodeServices(answer: unknown): Occurrence[] {
  if (!isRecord(answer) || !Array.isArray(answer["services"])) throw unreadable("the list of services");
  const wire = answer as unknown as WireServices;
  return wire.services.map((service) => ({ value: service.name, count: service.span_count }));
}

export function decodeValues(answer: unknown): Occurrence[] {
  if (!isRecord(answer) || !Array.isArray(answer["values"])) throw unreadable("the list of values");
  return (answer as unknown as WireValues).values;
}

export function decodeStatus(answer: unknown): Counts {
  if (!isRecord(answer) || !Array.isArray(answer["tables"])) throw unreadable("the server's status");
  const wire = answer as unknown as WireStatus;
  const rows = (name: string): bigint => parseNanos(wire.tables.find((table) => table.name === name)?.rows) ?? 0n;
  return { version: wire.version, waitsFor: wire.waits_for, spans: rows("spans"), events: rows("access_events") };
}

/** Rows of SQL as records by column. */
export function decodeRows(answer: unknown): Record<string, unknown>[] {
  if (!isRecord(answer) || !Array.isArray(answer["rows"])) throw unreadable("the rows");
  const { columns, rows } = answer as unknown as WireRows;
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
}
