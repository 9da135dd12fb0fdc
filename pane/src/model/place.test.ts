import { expect, test } from "vitest";
import { nanos, parseTime, ZERO } from "../api/nanos";
import { readPlace, searchPlace, traceIdOf, tracePlace, writePlace } from "./place";
import { backOf, resolved, saidOf, typed } from "./range";
import { readable } from "./place.fixture";

test("every place survives the way through its address", () => {
  for (const place of readable) {
    const [path = "", query = ""] = writePlace(place).split("?");
    expect(readPlace(path, query)).toEqual(place);
  }
});

test("the plain places have plain addresses", () => {
  expect(writePlace(searchPlace())).toBe("/search");
  expect(writePlace(tracePlace("0af7651916cd43dd8448eb211c80319c"))).toBe("/traces/0af7651916cd43dd8448eb211c80319c");
  expect(readPlace("/", "")).toEqual(searchPlace());
  expect(readPlace("/elsewhere", "")).toEqual({ view: "unknown", path: "/elsewhere" });
  expect(readPlace("/traces/%E0%A4%A", "").view).toBe("trace");
});

test("a pasted trace id is known with dashes, capitals or a whole address", () => {
  const id = "0af7651916cd43dd8448eb211c80319c";
  for (const text of [id, ` ${id.toUpperCase()} `, "0af76519-16cd-43dd-8448-eb211c80319c", `http://localhost/traces/${id}?span=1`]) {
    expect(traceIdOf(text)).toBe(id);
  }
  for (const text of ["", "shop", "0".repeat(32), `${id}0`]) expect(traceIdOf(text)).toBeNull();
});

const NOW = parseTime("2026-11-22T07:00:00Z") ?? ZERO;

test("a time range can be typed as people type it", () => {
  for (const text of ["15m", "-15m", "now-15m", "last 15 minutes", "15 min"]) {
    expect(typed(text, "utc", NOW)).toEqual({ kind: "last", back: "15m" });
  }
  const day = typed("2026-11-21 .. 2026-11-22T06:30", "utc", NOW);
  expect(day && saidOf(day, "utc")).toBe("2026-11-21 00:00:00 – 2026-11-22 06:30:00 UTC");
  expect(typed("2026-11-22T06:00:00Z to now", "local", NOW)).toEqual({
    kind: "fixed",
    start: parseTime("2026-11-22T06:00:00Z"),
    end: NOW,
  });
  for (const text of ["", "soon", "2026-11-22 .. 2026-11-21", "2026-11-22 .. 2026-11-22", "0m", "a .. b .. c"]) expect(typed(text, "utc", NOW)).toBeNull();
});

test("a relative range ends now", () => {
  expect(resolved({ kind: "last", back: "15m" }, NOW)).toEqual({ start: nanos(NOW - 900_000_000_000n), end: NOW });
  expect(backOf("7d")).toBe(604_800_000_000_000n);
  expect(saidOf({ kind: "last", back: "1h" }, "utc")).toBe("last hour");
});
