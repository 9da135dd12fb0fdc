// What is not joined stays visible, with the reason.

import { type Nanos, parseTime, toRfc3339 } from "../api/nanos";
import type { Span, Trace } from "../api/trace";
import { counted } from "./format";
import { type Join, isAsserted } from "./joins";
import { requestsOf } from "./split";

/** Requests of a trace that came from outside it and that no access event explains; calls between its services are only counted. */
export function unlinkedRequests(trace: Trace, joins: Join[]): { entries: Span[]; between: number } {
  const known = new Set(trace.spans.map((span) => span.id));
  const linked = new Set(joins.filter(isAsserted).map((join) => join.link.spanId));
  const unlinked = requestsOf(trace.spans).filter((span) => !linked.has(span.id));
  const entries = unlinked.filter((span) => span.parentId === null || !known.has(span.parentId));
  return { entries, between: unlinked.length - entries.length };
}

/** Why a request may have no access event, from what its span tells. */
export function whyUnlinked(span: Span, joins: Join[]): string {
  const rivals = joins.filter((join) => join.link.spanId === span.id && join.link.state === "candidate").length;
  if (rivals > 0) return `${counted(rivals, "candidate")}, none of them sure enough to assert`;
  if (span.peerAddress === null) return "its span does not tell the socket's other side, so there is no key to join on";
  if (span.peerPort === null) return "its span tells the other side's address and not its port";
  return "no connection of an app connector had this other side at that time: it came another way, or its record is lost or late";
}

/** An access event that no span is linked to. */
export interface LoneEvent {
  uid: string;
  start: Nanos | null;
  person: string | null;
  device: string | null;
  disposition: string | null;
  rule: string | null;
  app: string | null;
  reason: string | null;
  why: string;
}

/** How many are asked for; more than that nobody reads in a list. */
export const LONE_LIMIT = 200;

/** SQL for the access events of a time range that have no asserted link, those that were not allowed first. */
export function loneEventsSql(start: Nanos, end: Nanos): string {
  return `select event_uid, start_time, user_name, principal_id, device, disposition, rule, app, reason, connector_port, parse_level
from access_events
where start_time >= timestamp '${toRfc3339(start)}' and start_time < timestamp '${toRfc3339(end)}'
  and event_uid not in (select event_uid from links where state = 'asserted')
order by case disposition when 'blocked' then 0 when 'failed' then 1 else 2 end, start_time desc
limit ${LONE_LIMIT}`;
}

export function loneEvent(row: Record<string, unknown>): LoneEvent {
  const text = (name: string): string | null => {
    const value = row[name];
    return value === null || value === undefined || value === "" ? null : String(value);
  };
  return {
    uid: text("event_uid") ?? "",
    start: parseTime(text("start_time")),
    person: text("user_name") ?? text("principal_id"),
    device: text("device"),
    disposition: text("disposition"),
    rule: text("rule"),
    app: text("app"),
    reason: text("reason"),
    why: whyLone(text("disposition"), text("parse_level"), text("connector_port"), text("reason")),
  };
}

function whyLone(disposition: string | null, level: string | null, port: string | null, reason: string | null): string {
  if (level === "raw") return `its line could not be read${reason ? `: ${reason}` : ""}`;
  if (disposition === "blocked") return "stopped at the edge: the app never saw it";
  if (disposition === "failed") return "the connection failed before the app saw a request";
  if (port === null) return "its record has no app connector port yet, so there is no key to join on";
  return "no span with this socket has arrived: the app sends none, does not tell its peer, or it is still to come";
}
