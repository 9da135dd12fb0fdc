// The sentence above a picture: what it shows.

import type { Trace } from "../api/trace";
import { counted, duration, words } from "./format";
import { type Join, isAsserted, person } from "./joins";
import { type Split, largest } from "./split";

/** The title of a trace: how long, and what of it was not the app. */
export function findingOf(trace: Trace, join: Join | null, split: Split): string {
  if (trace.spans.length === 0) return "No span of this trace has arrived";
  const total = duration(split.total);
  const failed = failures(trace);
  const tail = failed > 0 ? `; ${counted(failed, "span")} failed` : "";
  if (join?.event?.disposition === "blocked") return `Stopped by ${join.event.rule ?? "the edge"}${tail}`;
  if (join === null) return `${total}; no access event is linked${tail}`;
  if (!isAsserted(join)) return `${total}; who asked is not certain${tail}`;
  if (!join.link.firstOnConnection) return `${total} on a connection that already stood${tail}`;
  if (split.before <= 0n) return `${total}, none of it before the app saw it${tail}`;
  return `${total}, of which ${duration(split.before)} before the app saw it${tail}`;
}

/** The title of the split bar. */
export function whereItWent(split: Split): string {
  const first = largest(split);
  if (!first) return `${duration(split.total)} in ${counted(split.portions.length, "part")}, none of them a third of it`;
  const of = `${duration(first.length)} of ${duration(split.total)}`;
  if (first.name === "unexplained") return `${of} is unexplained`;
  return `${of} was ${OWNERS[first.name] ?? words(first.name)}`;
}

/** Whose time a segment is, as a person says it. */
export const OWNERS: Record<string, string> = {
  last_mile: "the last mile",
  edge_policy: "policy at the service edge",
  edge_inspection: "inspection at the service edge",
  edge_throttle: "throttling at the service edge",
  reroute: "a detour",
  connector_setup: "the app connector's set-up",
  server_connect: "the app accepting the connection",
  mesh: "the mesh",
  our_code: "our own code",
  dependency: "waiting for what we call",
  internet_saas: "the internet",
  edge_and_client: "edge and client",
  outside_or_edge: "outside or the edge",
};

/** The title of the access lane. */
export function whoCame(join: Join | null): string {
  const event = join?.event;
  if (!join || !event) return "Nobody's access event is linked to this trace";
  const who = person(event) ?? "Somebody whom the feed does not name";
  const by = event.serviceEdge ? ` by ${event.serviceEdge}` : "";
  const to = event.app ? ` to ${event.app}` : "";
  const verb = event.disposition === "blocked" ? "was stopped" : event.disposition === "failed" ? "failed" : "was let through";
  return `${who} ${verb}${to}${by}`;
}

export function failures(trace: Trace): number {
  return trace.spans.filter((span) => span.status === "error").length;
}
