import { expect, test } from "vitest";
import { nanos } from "../api/nanos";
import type { Trace } from "../api/trace";
import { EVENT, LINK, SEGMENTS, at, joined, span, trace } from "./fixture";
import { findingOf, whereItWent, whoCame } from "./finding";
import { joinsOf, spokenOf } from "./joins";
import { type Split, covered, splitOf } from "./split";

function check(found: Trace): { split: Split; parts: string; title: string } {
  const join = spokenOf(joinsOf(found), null);
  const split = splitOf(found, join);
  expect(split.portions.reduce((sum, portion) => sum + portion.length, 0n)).toBe(split.total);
  const parts = split.portions.map((portion) => `${portion.name} ${portion.length / 1_000_000n}`).join(", ");
  return { split, parts, title: findingOf(found, join, split) };
}

test("a first request's time is split without a rest that nobody names", () => {
  const { parts, split, title } = check(joined());
  expect(parts).toBe("edge_policy 10, connector_setup 160, server_connect 5, our_code 132, dependency 100, unexplained 5");
  expect(split.total).toBe(412_000_000n);
  expect(title).toBe("412 ms, of which 180 ms before the app saw it");
  expect(split.missing.map((missing) => missing.name)).toEqual(["last_mile"]);
  expect(whereItWent(split)).toBe("160 ms of 412 ms was the app connector's set-up");
});

test("a later request on its connection is never charged with the set-up", () => {
  const why = "a later request on its connection";
  const found = joined({
    links: [{ ...LINK, first_on_connection: false }],
    segments: [{ ...SEGMENTS, measured: [], portions: [], missing: [{ name: "edge_and_client", why }] }],
  });
  const { parts, title, split } = check(found);
  expect(parts).toBe("our_code 132, dependency 100");
  expect(title).toBe("232 ms on a connection that already stood");
  expect(split.missing).toEqual([{ name: "edge_and_client", why }]);
});

test("without a link the edge is named as not measured", () => {
  const { parts, title, split } = check(joined({ links: [], segments: [], access_events: [] }));
  expect(parts).toBe("our_code 132, dependency 100");
  expect(title).toBe("232 ms; no access event is linked");
  expect(split.missing[0]?.name).toBe("edge_and_client");
});

test("clocks that disagree make the parts longer than the request: told, and the bar still sums", () => {
  const early = { ...EVENT, start_time: at(150), stamp_connection_start: at(150) };
  const { split } = check(joined({ access_events: [early] }));
  expect(split.overlap).toBe(145_000_000n);
  expect(split.portions.some((portion) => portion.name === "unexplained")).toBe(false);
});

test("a connection that idled for minutes before its first request is not drawn", () => {
  const old = { ...EVENT, start_time: "2026-11-22T06:50:00.000000000Z" };
  const { title } = check(joined({ access_events: [old] }));
  expect(title).toContain("none of it before the app saw it");
});

test("what Fanlight made itself is nobody's time", () => {
  const made = span("m", "a", 0, 400, { synthetic: true, kind: "internal" });
  const found = joined();
  const same = joined({ spans: [...found.wire.spans, made] });
  expect(check(same).parts).toBe(check(found).parts);
});

test("intervals that overlap are covered once", () => {
  const one = (from: bigint, to: bigint): [ReturnType<typeof nanos>, ReturnType<typeof nanos>] => [nanos(from), nanos(to)];
  expect(covered([one(0n, 10n), one(5n, 12n), one(20n, 21n), one(6n, 7n)])).toBe(13n);
  expect(covered([])).toBe(0n);
});

test("a trace that has nothing yet has a title all the same", () => {
  expect(check(trace({})).title).toBe("No span of this trace has arrived");
  expect(whoCame(null)).toBe("Nobody's access event is linked to this trace");
});

test("failures and a denial are in the title", () => {
  const found = joined();
  const failed = found.wire.spans.map((one) => ({ ...one, status_code: "error" }));
  expect(check(joined({ spans: failed })).title).toBe("412 ms, of which 180 ms before the app saw it; 2 spans failed");
  expect(check(joined({ access_events: [{ ...EVENT, disposition: "blocked" }] })).title).toBe("Stopped by Staff to shop");
});
