import { expect, test } from "vitest";
import { axisOf } from "./axis";
import { keysOf, said } from "./evidence";
import { EVENT, LINK, joined, span } from "./fixture";
import { joinsOf } from "./joins";
import { laneOf } from "./lane";
import { loneEvent, loneEventsSql, unlinkedRequests, whyUnlinked } from "./unlinked";
import { ZERO, nanos } from "../api/nanos";
import type { Trace } from "../api/trace";

function drawn(found: Trace): string[] {
  const joins = joinsOf(found);
  const join = joins[0];
  const lane = join ? laneOf(axisOf(found, joins), join) : null;
  const place = (value: number | null): string => (value === null ? "open" : String(value / 1e6));
  return (lane?.hops ?? []).flatMap((hop) =>
    hop.bars.map((bar) => `${hop.name} ${bar.segment ?? bar.kind} ${place(bar.from)}–${place(bar.to)}`),
  );
}

test("the set-up goes down the hops, each stretch where the one before it ended", () => {
  expect(drawn(joined())).toEqual([
    "service_edge connection 0–500",
    "service_edge edge_policy 0–10",
    "app_connector connector_setup 10–170",
    "app server_connect 170–175",
  ]);
});

test("a later request shows its connection and none of its set-up", () => {
  const found = joined({ links: [{ ...LINK, first_on_connection: false }], access_events: [{ ...EVENT, end_time: null }] });
  expect(drawn(found)).toEqual(["service_edge connection -180–open"]);
});

test("the keys of a rung stand beside what both partners say", () => {
  const [join] = joinsOf(joined());
  if (!join) throw new Error("no join");
  expect(keysOf(join, "utc").map((key) => [key.event, key.span, key.agreement])).toEqual([
    ["192.0.2.7:41000", "192.0.2.7:41000", "agrees"],
    ["198.51.100.20:8080", null, "learned"],
    ["07:00:00.000 – 07:00:00.500", "07:00:00.180", "agrees"],
  ]);
  expect(said(join)).toEqual({
    rival: "no rival",
    residual: "inside the connection's life",
    late: "the later partner came 12.5 ms after the earlier",
  });
});

test("a request without a link is seen, with the reason", () => {
  const found = joined({ links: [], segments: [], access_events: [] });
  expect(unlinkedRequests(found, []).entries.map((one) => one.id)).toEqual(["a"]);
  const bare = joined({ spans: [span("a", null, 0, 1, { kind: "server" })], links: [] });
  const [request] = unlinkedRequests(bare, []).entries;
  expect(request && whyUnlinked(request, [])).toContain("no key to join on");
  const called = span("s", "b", 210, 50, { kind: "server", service_name: "stock" });
  const whole = joined({ spans: [...joined().wire.spans, called] });
  expect(unlinkedRequests(whole, joinsOf(whole))).toEqual({ entries: [], between: 1 });
});

test("an access event without a span says why", () => {
  expect(loneEventsSql(ZERO, nanos(1n))).toContain("timestamp '1970-01-01T00:00:00.000000001Z'");
  expect(loneEvent({ disposition: "blocked" }).why).toContain("stopped at the edge");
  expect(loneEvent({ disposition: "allowed", connector_port: null }).why).toContain("no app connector port");
  expect(loneEvent({ parse_level: "raw", reason: "not_json" }).why).toContain("not_json");
  expect(loneEvent({ disposition: "allowed", connector_port: 41000 }).why).toContain("no span with this socket");
});
