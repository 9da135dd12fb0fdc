import { expect, test } from "vitest";
import { BLANK, attribute, caretOf, isLength, lengthOf, narrowed, read, write } from "./traceql";

test("what the builder writes it reads again", () => {
  for (const fields of [
    BLANK,
    { ...BLANK, service: "shop" },
    { ...BLANK, least: "50ms", most: "1.5s", status: "error" },
    { ...BLANK, service: 'a "quoted" \\ name', user: "ana@example.com", rule: "Staff && {all}", app: "a\nb" },
    { ...BLANK, disposition: "blocked" },
  ]) {
    expect(read(write(fields))).toEqual(fields);
  }
});

test("the query is what TraceQL calls it", () => {
  expect(write(BLANK)).toBe("{}");
  expect(write({ ...BLANK, service: "shop", least: "50", rule: 'x"y' })).toBe(
    '{ resource.service.name = "shop" && duration >= 50ms && access.rule = "x\\"y" }',
  );
});

test("a query that says more than the builder can is left to the text field", () => {
  for (const query of ["{ a = 1 || b = 2 }", '{ name = "x" }', "{ status = error && status = ok }", "count() > 1", "{ duration > 5ms }", "{ status = error && }"]) {
    expect(read(query)).toBeNull();
  }
});

test("lengths have units, and a bare number is milliseconds", () => {
  expect([lengthOf("50"), lengthOf("1.5 s"), isLength("x"), isLength(""), isLength("3us")]).toEqual(["50ms", "1.5s", false, true, true]);
  expect(write({ ...BLANK, least: "fast" })).toBe("{}");
});

test("a condition is added inside the braces", () => {
  expect(narrowed("{}", "name", "=", "a")).toBe('{ name = "a" }');
  expect(narrowed('{ name = "a" }', attribute("span", "http.route"), "!=", "/x")).toBe('{ name = "a" && span.http.route != "/x" }');
  expect(attribute("span", 'odd key"')).toBe('span."odd key\\""');
});

test("a column of bytes becomes a place in the text", () => {
  expect(caretOf('{ name = "é" ? }', 14)).toBe(12);
  expect(caretOf("{ x ? }", 5)).toBe(4);
  expect(caretOf("{", 99)).toBe(1);
});
