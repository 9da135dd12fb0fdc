// Which stretch of time is asked about: relative to now, or fixed; typed or chosen.

import { type Nanos, fromMillis, minus, nanos, parseTime } from "../api/nanos";
import { type Zone, dateTime, zoneName } from "./format";

export type Range = { kind: "last"; back: string } | { kind: "fixed"; start: Nanos; end: Nanos };

export const PRESETS = ["15m", "1h", "6h", "24h", "7d"] as const;

export const DEFAULT: Range = { kind: "last", back: "1h" };

const UNITS: Record<string, bigint> = {
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
};

const SAID: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

/** A length like `15m`; null for anything else. */
export function backOf(text: string): Nanos | null {
  const found = /^(\d{1,6})(s|m|h|d|w)$/.exec(text);
  const unit = UNITS[found?.[2] ?? ""];
  const count = BigInt(found?.[1] ?? "0");
  return unit === undefined || count === 0n ? null : nanos(count * unit);
}

export function resolved(range: Range, now: Nanos): { start: Nanos; end: Nanos } {
  if (range.kind === "fixed") return { start: range.start, end: range.end };
  return { start: minus(now, backOf(range.back) ?? nanos(3_600_000_000_000n)), end: now };
}

/**
 * What a person types: `15m`, `-15m`, `now-2h`, two times with `..` or `to` between them, or one time for "since then".
 * Null where it cannot be read.
 */
export function typed(text: string, zone: Zone, now: Nanos): Range | null {
  const plain = text.trim().toLowerCase();
  const back = /^(?:last\s+|now\s*-\s*|-)?\s*(\d+)\s*([smhdw])[a-z]*$/.exec(plain);
  if (back && backOf(`${back[1]}${back[2]}`) !== null) return { kind: "last", back: `${back[1]}${back[2]}` };
  const [first, second, ...more] = plain.split(/\s*(?:\.\.|–|\bto\b)\s*/);
  const start = momentOf(first ?? "", zone);
  const end = second === undefined || second === "now" || second === "" ? now : momentOf(second, zone);
  if (more.length > 0 || start === null || end === null || end <= start) return null;
  return { kind: "fixed", start, end };
}

/** `2026-11-22`, `2026-11-22 07:00`, with seconds, with a fraction, with `T`, with a zone. */
export function momentOf(text: string, zone: Zone): Nanos | null {
  const found = /^(\d{4}-\d\d-\d\d)(?:[t ](\d\d:\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?\s*(z|utc|[+-]\d\d:\d\d)?$/i.exec(text.trim());
  if (!found) return null;
  const [, day = "", minutes = "00:00", seconds = "00", offset] = found;
  const plain = parseTime(`${day}T${minutes}:${seconds}Z`);
  if (plain === null) return null;
  if (offset) return parseTime(`${day}T${minutes}:${seconds}${/utc/i.test(offset) ? "Z" : offset}`);
  if (zone === "utc") return plain;
  const local = new Date(`${day}T${minutes}:00`).getTime();
  return Number.isNaN(local) ? null : nanos(fromMillis(local) + (plain % 60_000_000_000n));
}

/** As a person says it: "last hour", or two times. */
export function saidOf(range: Range, zone: Zone): string {
  if (range.kind === "fixed") {
    const [start, end] = [dateTime(range.start, zone).slice(0, 19), dateTime(range.end, zone).slice(0, 19)];
    const sameDay = start.slice(0, 10) === end.slice(0, 10);
    return `${start} – ${sameDay ? end.slice(11) : end} ${zoneName(zone)}`;
  }
  const count = range.back.slice(0, -1);
  const unit = SAID[range.back.slice(-1)] ?? "";
  return count === "1" ? `last ${unit}` : `last ${count} ${unit}s`;
}
