// Why a link was made: which keys agreed, by which rung, with what rival. Never a silent guess.

import type { Nanos } from "../api/nanos";
import { endpoint } from "../api/trace";
import type { Span } from "../api/trace";
import { type Zone, clock, millis } from "./format";
import type { Join } from "./joins";

export type Agreement = "agrees" | "learned" | "unknown" | "differs";

export interface Key {
  name: string;
  event: string | null;
  span: string | null;
  agreement: Agreement;
}

/** What each rung means, in a sentence. */
const RUNGS: Record<string, string> = {
  R0: "both carry the same id",
  R1: "a proxy between them saw both",
  R1z: "both carry the same id of Zscaler's",
  R2: "both ends of the app's socket, and the time",
  R3: "the app connector's end of the socket, the app's port or what was learned of the service, and the time",
  R3b: "the app connector's end of the socket and the time; nothing is known of the app's end",
  R4: "the socket behind a translation of addresses, and the time",
  R5: "person, host, method, path and status, and the time",
  R6: "person, host and time: a set of candidates",
  R7: "person or device, and the time: context only",
  R8: "a population, for comparison only",
};

export function rungMeans(rung: string): string {
  return RUNGS[rung] ?? "a rung that this pane does not know";
}

/** The keys of a link by its rung, with what both partners say of each. */
export function keysOf(join: Join, zone: Zone): Key[] {
  const { link, event, span } = join;
  const peer = span && endpoint(span.peerAddress, span.peerPort);
  const local = span && localEnd(span);
  const exact = link.rung === "R2";
  const known = exact || link.rung === "R3";
  const within = link.residualMs <= 0;
  return [
    { name: "app connector's end", event: event?.connector ?? null, span: peer, agreement: peer ? "agrees" : "unknown" },
    {
      name: "app's end",
      event: event?.server ?? null,
      span: local,
      agreement: exact ? "agrees" : !known ? "unknown" : portOf(local) ? "agrees" : "learned",
    },
    {
      name: "time",
      event: event ? life(event.start, event.end, zone) : null,
      span: span && span.start !== null ? clock(span.start, zone) : null,
      agreement: within ? "agrees" : "differs",
    },
  ];
}

/** The link's figures, said in words. */
export function said(join: Join): { rival: string; residual: string; late: string } {
  const { runnerUp, residualMs, lateByMs } = join.link;
  return {
    rival: runnerUp > 0 ? `the best rival has ${runnerUp < 0.0001 ? "< 0.0001" : runnerUp.toFixed(4)}` : "no rival",
    residual: residualMs > 0 ? `${millis(residualMs)} outside the connection's life` : "inside the connection's life",
    late: lateByMs > 0 ? `the later partner came ${millis(lateByMs)} after the earlier` : "known as the span passed",
  };
}

function life(start: Nanos | null, end: Nanos | null, zone: Zone): string {
  const at = (time: Nanos | null, none: string): string => (time === null ? none : clock(time, zone));
  return `${at(start, "?")} – ${at(end, "open")}`;
}

const LOCAL_ADDRESS = ["network.local.address"];
const HOST_ADDRESS = ["k8s.pod.ip", "host.ip"];
const LOCAL_PORT = ["network.local.port", "net.host.port"];

/** What a span tells of its own end of the socket. */
export function localEnd(span: Span): string | null {
  const first = (entries: [string, string][], keys: string[]): string | null =>
    keys.map((key) => entries.find(([name]) => name === key)?.[1]).find((value) => value !== undefined) ?? null;
  const address = first(span.attributes, LOCAL_ADDRESS) ?? first(span.resource, HOST_ADDRESS);
  const port = first(span.attributes, LOCAL_PORT);
  return address === null && port === null ? null : endpoint(address && strip(address), port);
}

/** A list of addresses is text in the answer: `["192.0.2.7"]`. */
function strip(text: string): string {
  return text.replace(/^\["?|"?\]$/g, "").replaceAll('","', ", ");
}

function portOf(local: string | null): boolean {
  return local !== null && /:\d+$/.test(local);
}
