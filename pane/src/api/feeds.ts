// How the feeds are, as the pane works with it.

import { type Nanos, parseNanos, parseTime } from "./nanos";
import { isRecord, unreadable } from "./problem";
import type { WireFeed, WireFeeds } from "./wire";

export type FeedState = "never" | "flowing" | "silent" | "late" | "degraded";
export type Level = "strict" | "repaired" | "raw" | "dropped";

export interface Counted {
  name: string;
  count: bigint;
}

/** What some fields make possible. */
export interface Gain {
  kind: string;
  name: string;
  fields: string[];
  words: string;
}

/** Delays in milliseconds. One as large as the cap is that or more. */
export interface Lateness {
  p50: number;
  p99: number;
  p999: number;
  cap: number;
}

export interface Feed {
  name: string;
  source: string | null;
  state: FeedState;
  problems: string[];
  lines: Record<Level, bigint>;
  duplicates: bigint;
  reasons: Counted[];
  repairs: Counted[];
  unknownKeys: Counted[];
  dialect: string | null;
  missing: string[];
  gains: Gain[];
  possible: Gain[];
  lateness: Lateness | null;
  clockOffset: number | null;
  last: Nanos | null;
  silentSeconds: number;
  gaps: { start: Nanos | null; end: Nanos | null }[];
  gapCount: bigint;
  watermark: Nanos | null;
  learned: boolean;
  connections: number;
  command: string | null;
}

export interface Rung {
  name: string;
  words: string;
  by: string[];
  lacking: { feed: string; fields: string[] }[];
}

export interface Alarm {
  arrival: Nanos | null;
  feed: string;
  kind: string;
  text: string;
}

export interface Feeds {
  feeds: Feed[];
  rungs: Rung[];
  alarms: Alarm[];
}

export function decodeFeeds(answer: unknown): Feeds {
  if (!isRecord(answer) || !Array.isArray(answer["feeds"]) || !Array.isArray(answer["rungs"]) || !Array.isArray(answer["alarms"])) {
    throw unreadable("the list of feeds");
  }
  const wire = answer as unknown as WireFeeds;
  return {
    feeds: wire.feeds.map(decodeFeed),
    rungs: wire.rungs.map(({ rung, words, by, lacking }) => ({ name: rung, words, by, lacking })),
    alarms: wire.alarms.map((alarm) => ({
      arrival: parseTime(alarm.arrival_time),
      feed: alarm.feed,
      kind: alarm.kind,
      text: alarm.text,
    })),
  };
}

function decodeFeed(wire: WireFeed): Feed {
  const { lines, lateness } = wire;
  const level = (text: string): bigint => parseNanos(text) ?? 0n;
  return {
    name: wire.feed,
    source: wire.source,
    state: wire.state,
    problems: wire.problems,
    lines: { strict: level(lines.strict), repaired: level(lines.repaired), raw: level(lines.raw), dropped: level(lines.dropped) },
    duplicates: level(wire.duplicates),
    reasons: counts(wire.reasons),
    repairs: counts(wire.repairs),
    unknownKeys: counts(wire.unknown_keys),
    dialect: wire.dialect,
    missing: wire.missing,
    gains: wire.gains,
    possible: wire.possible,
    lateness: lateness && { p50: lateness.p50_ms, p99: lateness.p99_ms, p999: lateness.p999_ms, cap: lateness.cap_ms },
    clockOffset: wire.clock_offset_ms,
    last: parseTime(wire.last_arrival),
    silentSeconds: wire.silent_seconds,
    gaps: wire.gaps.map((gap) => ({ start: parseTime(gap.start), end: parseTime(gap.end) })),
    gapCount: level(wire.gap_count),
    watermark: parseTime(wire.watermark),
    learned: wire.delay_is_learned,
    connections: wire.connections,
    command: wire.command,
  };
}

function counts(wire: WireFeed["reasons"]): Counted[] {
  return wire.map(({ name, count }) => ({ name, count: parseNanos(count) ?? 0n }));
}
