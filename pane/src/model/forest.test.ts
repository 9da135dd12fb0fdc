import { expect, test } from "vitest";
import type { Trace } from "../api/trace";
import { axisOf } from "./axis";
import { findIn, nextMatch } from "./find";
import { span, trace } from "./fixture";
import { forestOf } from "./forest";
import { foldAll, foldOneLevel, openOneLevel, openTo, visibleRows, windowOf, withAncestors } from "./rows";

function rowsOf(found: Trace): ReturnType<typeof forestOf> {
  return forestOf(found.spans, axisOf(found, []));
}

/** `a(b c(d))` as text. */
function drawn(found: Trace): string[] {
  return rowsOf(found).map((row) => `${"  ".repeat(row.depth)}${row.span.id}${row.orphan ? " orphan" : ""}${row.ring ? " ring" : ""}`);
}

test("children stand under their parent by their start", () => {
  const found = trace({ spans: [span("c", "a", 5, 5), span("b", "a", 1, 3), span("a", null, 0, 10), span("d", "c", 6, 1)] });
  expect(drawn(found)).toEqual(["a", "  b", "  c", "    d"]);
  expect(rowsOf(found).map((row) => row.past)).toEqual([4, 2, 4, 4]);
});

test("rings, orphans and one's own parent are drawn, each once", () => {
  const found = trace({
    spans: [span("a", "b", 0, 1), span("b", "a", 0, 1), span("c", "z", 0, 1), span("d", "d", 0, 1), span("e", "a", 1, 1)],
  });
  expect(drawn(found)).toEqual(["c orphan", "a ring", "  b", "  e", "d ring"]);
});

test("a chain of a hundred thousand spans is walked without recursion", () => {
  const spans = Array.from({ length: 100_000 }, (_, index) => span(`s${index}`, index === 0 ? null : `s${index - 1}`, 0, 1));
  const rows = rowsOf(trace({ spans }));
  expect(rows).toHaveLength(100_000);
  expect(rows.at(-1)?.depth).toBe(99_999);
});

test("an end before its start is a span of no length, marked", () => {
  const [row] = rowsOf(trace({ spans: [span("a", null, 5, -3)] }));
  expect([row?.from, row?.to, row?.span.endsBeforeStart]).toEqual([0, 0, true]);
});

const TREE = trace({
  spans: [span("a", null, 0, 9), span("b", "a", 1, 5), span("c", "b", 2, 1), span("d", "c", 2, 1), span("e", "a", 7, 1)],
});

test("a folded row hides its subtree and nothing else", () => {
  const rows = rowsOf(TREE);
  const seen = (folded: Set<number>, only: Set<number> | null = null): string =>
    visibleRows(rows, folded, only).map((row) => row.span.id).join("");
  expect(seen(new Set())).toBe("abcde");
  expect(seen(new Set([1]))).toBe("abe");
  expect(seen(foldAll(rows))).toBe("abe");
  expect(seen(foldOneLevel(rows, new Set()))).toBe("abce");
  expect(seen(openOneLevel(rows, new Set([1, 2])))).toBe("abce");
  expect(seen(openTo(rows, new Set([0, 1, 2]), 3))).toBe("abcde");
  expect(seen(new Set([1]), withAncestors(rows, [3]))).toBe("abcd");
});

test("the window of rows covers what is seen, in steps, and stays inside", () => {
  for (const top of [0, 10, 479_990, 1e7]) {
    const { from, to, length } = windowOf(top, 500, 24, 20_000);
    expect(length).toBe(windowOf(0, 500, 24, 20_000).length);
    expect(from).toBeGreaterThanOrEqual(0);
    expect(to).toBeLessThanOrEqual(20_000);
    expect(from * 24).toBeLessThanOrEqual(top);
    if (top < 20_000 * 24) expect(to * 24).toBeGreaterThanOrEqual(Math.min(top + 500, 20_000 * 24));
  }
});

test("all words must be found, in name, key or value", () => {
  const found = trace({
    spans: [
      span("a", null, 0, 9, { name: "GET /Orders", attributes: { "http.route": "/orders" } }),
      span("b", "a", 1, 5, { resource: { "host.name": "Worker-7" } }),
    ],
  });
  const rows = rowsOf(found);
  expect(findIn(rows, "orders")).toEqual([0]);
  expect(findIn(rows, "host.name=worker")).toEqual([1]);
  expect(findIn(rows, "get http.route=/orders")).toEqual([0]);
  expect(findIn(rows, "get worker")).toEqual([]);
  expect(findIn(rows, "  ")).toEqual([]);
});

test("next and previous match go around the end", () => {
  expect([nextMatch([2, 5], 2, 1), nextMatch([2, 5], 5, 1), nextMatch([2, 5], 2, -1), nextMatch([], 2, 1)]).toEqual([5, 2, 5, -1]);
});
