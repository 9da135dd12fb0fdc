// Numbers and times as a person reads them.

import { type Nanos, toDate, toRfc3339 } from "../api/nanos";

export type Zone = "utc" | "local";

const UNITS: [bigint, string][] = [
  [3_600_000_000_000n, "h"],
  [60_000_000_000n, "min"],
  [1_000_000_000n, "s"],
  [1_000_000n, "ms"],
  [1_000n, "µs"],
];

/** Below this, minutes and hours are still said in seconds and minutes. */
const STAYS_SMALLER = 2n;

/** A length of time with three digits: `412 ms`, `1.38 ms`, `28.0 µs`. */
export function duration(length: Nanos | bigint): string {
  if (length < 0n) return `−${duration(-length)}`;
  if (length === 0n) return "0 ms";
  for (const [size, unit] of UNITS) {
    const least = unit === "h" || unit === "min" ? size * STAYS_SMALLER : size;
    if (length >= least) return `${digits(Number(length) / Number(size))} ${unit}`;
  }
  return `${length} ns`;
}

/** The same for what is measured in milliseconds as a number. */
export function millis(value: number): string {
  return duration(BigInt(Math.round(value * 1e6)));
}

function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A share with as many digits as it needs to differ from nothing and from all. */
export function share(part: bigint, whole: bigint): string {
  if (whole <= 0n) return "0 %";
  const percent = (Number(part) / Number(whole)) * 100;
  if (percent > 0 && percent < 1) return "< 1 %";
  if (percent > 99 && percent < 100) return "> 99 %";
  return `${percent.toFixed(0)} %`;
}

/** A probability: `0.9995`, never rounded up to 1. */
export function confidence(value: number): string {
  if (value >= 1) return "1";
  if (value <= 0) return "0";
  return Math.min(value, 0.9999).toFixed(4).replace(/0{1,2}$/, "");
}

/** `07:00:00.200`. */
export function clock(time: Nanos, zone: Zone): string {
  return parts(time, zone).slice(11, 23);
}

/** `2026-11-22 07:00:00.200`. */
export function dateTime(time: Nanos, zone: Zone): string {
  return parts(time, zone).slice(0, 23).replace("T", " ");
}

/** `22 Nov 07:00:00`. */
export function shortTime(time: Nanos, zone: Zone): string {
  const text = parts(time, zone);
  const month = MONTHS[Number(text.slice(5, 7)) - 1] ?? "";
  return `${Number(text.slice(8, 10))} ${month} ${text.slice(11, 19)}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** RFC 3339 without a zone, in the zone that was asked for. */
function parts(time: Nanos, zone: Zone): string {
  if (zone === "utc") return toRfc3339(time).slice(0, 29);
  const minutes = -toDate(time).getTimezoneOffset();
  return toRfc3339((time + BigInt(minutes) * 60_000_000_000n) as Nanos).slice(0, 29);
}

export function zoneName(zone: Zone): string {
  return zone === "utc" ? "UTC" : "local";
}

/** `1 span`, `12 spans`; thousands are set apart by a thin space. */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 || count === 1n ? one : many}`;
}

export function grouped(count: number | bigint): string {
  return count.toString().replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
}

/** What a person calls the names of the contract: `edge_policy` is "edge policy". */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** Control characters, and those that turn the direction of writing, made visible. */
export function harmless(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}
