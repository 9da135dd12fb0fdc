// The access lane: what the edge stamped of one connection, hop by hop, on the spans' axis.

import type { AccessEvent, StampName } from "../api/trace";
import { type Axis, offsetOf } from "./axis";
import { duration } from "./format";
import { type Join, isAsserted } from "./joins";

export type HopName = "device" | "service_edge" | "app_connector" | "app";

/** A stretch of time at one hop, in nanoseconds on the axis; `to` is null while the connection is open. */
export interface Bar {
  kind: "connection" | "set_up" | "waiting";
  /** The contract's name of the segment, where it is one. */
  segment: string | null;
  label: string;
  from: number;
  to: number | null;
  /** Its length was measured, its place was not. */
  placed: "stamped" | "inside";
}

export interface Mark {
  at: number;
  stamp: StampName;
  label: string;
}

export interface Hop {
  name: HopName;
  /** Whose: the device, the service edge, the app connector, the app. */
  who: string | null;
  detail: string | null;
  bars: Bar[];
  marks: Mark[];
}

export interface Lane {
  join: Join;
  event: AccessEvent;
  hops: Hop[];
}

const STAMPS_OF: Record<HopName, StampName[]> = {
  device: ["first_rx_client", "first_tx_client", "last_rx_client", "last_tx_client"],
  service_edge: ["connection_start", "ca_tx", "ca_rx", "connection_end"],
  app_connector: ["app_learn_start", "setup_complete"],
  app: ["first_tx_connector", "first_rx_connector", "last_tx_connector", "last_rx_connector"],
};

const SAID: Record<StampName, string> = {
  connection_start: "the service edge got the connection",
  ca_tx: "asked the central authority",
  ca_rx: "the central authority answered",
  app_learn_start: "began to learn the app",
  setup_complete: "the app connector's data connection is there",
  first_rx_client: "first byte from the device",
  first_tx_connector: "first byte on to the app",
  first_rx_connector: "first byte from the app",
  first_tx_client: "first byte to the device",
  last_rx_client: "last byte from the device",
  last_tx_connector: "last byte to the app",
  last_rx_connector: "last byte from the app",
  last_tx_client: "last byte to the device",
  connection_end: "the service edge closed the connection",
};

export function laneOf(axis: Axis, join: Join): Lane | null {
  const { event } = join;
  if (!event) return null;
  const at = (stamp: StampName): number | null => {
    const time = event.stamps[stamp];
    return time === null ? null : offsetOf(axis, time);
  };
  const bars = setUp(axis, join, event);
  const pays = isAsserted(join) && join.link.firstOnConnection;
  const wait = (from: StampName, to: StampName, label: string): Bar[] => {
    const [begin, end] = [at(from), at(to)];
    const isWait = pays && begin !== null && end !== null && end > begin;
    return isWait ? [{ kind: "waiting", segment: null, label, from: begin, to: end, placed: "stamped" }] : [];
  };
  bars.device.push(...wait("first_rx_client", "first_tx_client", "from its first byte to the first byte back"));
  bars.app.push(...wait("first_tx_connector", "first_rx_connector", "from the first byte on to the first byte back"));
  const hop = (name: HopName, who: string | null, detail: string | null): Hop => ({
    name,
    who,
    detail,
    bars: bars[name],
    marks: STAMPS_OF[name].flatMap((stamp) => {
      const place = at(stamp);
      return place === null ? [] : [{ at: place, stamp, label: SAID[stamp] }];
    }),
  });
  return {
    join,
    event,
    hops: [
      hop("device", event.device, event.clientAddress),
      hop("service_edge", event.serviceEdge, null),
      hop("app_connector", event.appConnector, event.connector),
      hop("app", event.app, event.server),
    ],
  };
}

/** Set-up in the order in which it happened; each measured length begins where the one before it ended. */
function setUp(axis: Axis, join: Join, event: AccessEvent): Record<HopName, Bar[]> {
  const bars: Record<HopName, Bar[]> = { device: [], service_edge: [], app_connector: [], app: [] };
  if (event.start === null) return bars;
  const begin = offsetOf(axis, event.start);
  const end = event.end === null ? null : offsetOf(axis, event.end);
  const blocked = event.disposition === "blocked";
  const label = blocked ? "stopped here" : end === null ? "the connection, still open" : `the connection, ${length(begin, end)}`;
  bars.service_edge.push({ kind: "connection", segment: null, label, from: begin, to: end, placed: "stamped" });
  if (!join.link.firstOnConnection || !isAsserted(join)) return bars;
  const measured = new Map(join.segments?.measured.map((one) => [one.name, Number(one.length)]));
  const edge = measured.get("edge_policy") ?? 0;
  const connector = measured.get("connector_setup") ?? 0;
  const server = measured.get("server_connect") ?? 0;
  const put = (hop: HopName, segment: string, text: string, from: number, size: number, placed: Bar["placed"]): void => {
    const said = `${text}, ${length(0, size)}`;
    if (size > 0) bars[hop].push({ kind: "set_up", segment, label: said, from, to: from + size, placed });
  };
  put("service_edge", "edge_policy", "policy and dispatch", begin, edge, "stamped");
  put("app_connector", "connector_setup", "the app connector's set-up", begin + edge, connector, "stamped");
  const done = event.stamps.setup_complete === null ? null : offsetOf(axis, event.stamps.setup_complete);
  const known = connector > 0 ? begin + edge + connector : done === null ? null : done - server;
  if (known !== null) put("app", "server_connect", "the app accepts the connection", known, server, "inside");
  return bars;
}

function length(from: number, to: number): string {
  return duration(BigInt(Math.round(to - from)));
}
