import { expect, test } from "vitest";
import { confidence, duration, grouped, harmless, share } from "./format";
import { type Press, strike } from "./keyboard";
import { ticksOf } from "./ticks";
import { between, isWhole, panned, placeOf, whole, zoomed } from "./zoom";
import { markdown } from "./copy";
import { otlpOf } from "./otlp";
import { pieces } from "./said";
import { joined } from "./fixture";
import { joinsOf, spokenOf } from "./joins";
import { splitOf } from "./split";

test("lengths are said with three digits", () => {
  const said = [0n, 950n, 28_000n, 1_380_000n, 99_960_000n, 412_000_000n, 12_400_000_000n, 300_000_000_000n].map(duration);
  expect(said).toEqual(["0 ms", "950 ns", "28.0 µs", "1.38 ms", "100 ms", "412 ms", "12.4 s", "5.00 min"]);
  expect(duration(-1_500_000n)).toBe("−1.50 ms");
});

test("shares and confidences never round to nothing or all", () => {
  expect([share(1n, 1000n), share(999n, 1000n), share(1n, 3n), share(0n, 0n)]).toEqual(["< 1 %", "> 99 %", "33 %", "0 %"]);
  expect([confidence(0.99996), confidence(0.998), confidence(1), confidence(0.5)]).toEqual(["0.9999", "0.998", "1", "0.50"]);
  expect(grouped(1234567)).toBe("1\u2009234\u2009567");
});

test("control characters and turned writing are made visible", () => {
  expect(harmless("a\u001b[2J\u202eb\nc")).toBe("a\ufffd[2J\ufffdb\nc");
});

test("ticks are round numbers in one unit", () => {
  expect(ticksOf(0, 412e6, 6).map((tick) => tick.label)).toEqual(["0", "100 ms", "200 ms", "300 ms", "400 ms"]);
  expect(ticksOf(1.2e6, 1.25e6, 5).map((tick) => tick.label)).toEqual(["1.20 ms", "1.21 ms", "1.22 ms", "1.23 ms", "1.24 ms", "1.25 ms"]);
  expect(ticksOf(0, 1, 4).length).toBeGreaterThan(0);
});

test("zooming keeps what is under the pointer, and stays inside", () => {
  const view = zoomed(whole(1e9), 0.5, 250e6, 1e9);
  expect(view).toEqual({ from: 125e6, to: 625e6 });
  expect(placeOf(view, 250e6)).toBe(0.25);
  expect(isWhole(zoomed(view, 10, 0, 1e9), 1e9)).toBe(true);
  expect(panned(view, 10, 1e9)).toEqual({ from: 500e6, to: 1e9 });
  expect(between(9e8, 1e8, 1e9)).toEqual({ from: 1e8, to: 9e8 });
  expect(zoomed({ from: 0, to: 1000 }, 0.1, 0, 1e9).to).toBe(1000);
});

const press = (key: string, more: Partial<Press> = {}): Press => ({ key, ctrl: false, alt: false, meta: false, inText: false, ...more });

test("keys act by the map, alone or in sequence", () => {
  expect(strike(press("j"), null, "trace", true).action).toBe("next");
  expect(strike(press("g"), null, "trace", true)).toEqual({ action: null, pending: "g" });
  expect(strike(press("g"), "g", "trace", true).action).toBe("first");
  expect(strike(press("j"), "g", "trace", true).action).toBe("next");
  expect(strike(press("j"), null, "search", true).action).toBeNull();
});

test("keys do nothing where text is typed, with a modifier, or when single keys are off", () => {
  expect(strike(press("j", { inText: true }), null, "trace", true).action).toBeNull();
  expect(strike(press("Escape", { inText: true }), null, "trace", true).action).toBe("clear");
  expect(strike(press("f", { ctrl: true }), null, "trace", true).action).toBeNull();
  expect(strike(press("j"), null, "trace", false).action).toBeNull();
  expect(strike(press("Escape"), null, "trace", false).action).toBe("clear");
});

test("foreign text stays text in markdown", () => {
  const found = joined();
  const first = found.spans[0];
  if (first) first.name = "[x](javascript:1) `a` <img src=x> @here\n# title";
  const join = spokenOf(joinsOf(found), null);
  const text = markdown(found, join, splitOf(found, join), "http://localhost");
  expect(text).not.toMatch(/(?<!\\)[<[`]|^# /m);
  expect(text).toContain("ana\\@example.com");
});

test("OTLP keeps ids, kinds and every nanosecond", () => {
  const sent = JSON.parse(otlpOf(joined().wire)) as { resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[] };
  expect(sent.resourceSpans[0]?.scopeSpans[0]?.spans[0]).toMatchObject({ spanId: "a", kind: 2, startTimeUnixNano: "1795330800180000000" });
});

test("literals of a sentence are told apart, and a lonely back-tick is text", () => {
  const shown = (text: string): string => pieces(text).map((piece) => (piece.literal ? `[${piece.text}]` : piece.text)).join("");
  expect(shown("run `fanlight url` now")).toBe("run [fanlight url] now");
  expect(shown("`a` and `b`")).toBe("[a] and [b]");
  expect(shown("one ` only")).toBe("one ` only");
  expect(shown("")).toBe("");
});
