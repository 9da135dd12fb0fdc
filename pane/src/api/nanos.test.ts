import { expect, test } from "vitest";
import { minus, parseNanos, parseTime, toRfc3339 } from "./nanos";

test("a time keeps its last nanosecond both ways", () => {
  for (const text of ["2026-11-22T07:00:00.200000001Z", "1969-12-31T23:59:59.999999999Z", "2262-04-11T23:47:16.854775807Z"]) {
    const time = parseTime(text);
    expect(time === null ? null : toRfc3339(time)).toBe(text);
  }
});

test("a zone is taken into account, and a fraction of fewer digits", () => {
  expect(parseTime("2026-11-22T08:30:00.5+01:30")).toBe(parseTime("2026-11-22T07:00:00.500000000Z"));
});

test("what is no time is null, never a wrong one", () => {
  for (const text of ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-22", "2026-11-22T07:00:00", null, undefined]) {
    expect(parseTime(text)).toBeNull();
  }
});

test("64-bit numbers never pass through a JavaScript number", () => {
  const large = parseNanos("9223372036854775807");
  const small = parseNanos("9223372036854775806");
  expect(large !== null && small !== null && minus(large, small)).toBe(1n);
  expect(parseNanos("1e3")).toBeNull();
});
