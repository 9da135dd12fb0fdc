// What a list of feeds says: which comes first, how its lines were read, in words and in widths.

import type { Feed, FeedState, Feeds, Gain, Lateness, Level } from "../api/feeds";
import { counted, duration, share, words } from "./format";

/** The worst first: what a person came to look for. */
const STATES: FeedState[] = ["silent", "late", "degraded", "never", "flowing"];
const LEVELS: Level[] = ["strict", "repaired", "raw", "dropped"];

export const STATE_SAYS: Record<FeedState, string> = {
  silent: "used to come and does not",
  late: "comes later than is waited for",
  degraded: "comes, and something in it should be mended",
  never: "nothing has come",
  flowing: "comes in time and can be read",
};

export const LEVEL_SAYS: Record<Level, string> = {
  strict: "read as the format says",
  repaired: "mended",
  raw: "kept without being read",
  dropped: "too long to keep",
};

/** One feed can come in two ways. */
export function keyOf(feed: Feed): string {
  return feed.source === "pushed" ? `${feed.name}~pushed` : feed.name;
}

export function ordered(feeds: Feed[]): Feed[] {
  const rank = (feed: Feed): number => STATES.indexOf(feed.state);
  return [...feeds].sort((a, b) => rank(a) - rank(b) || keyOf(a).localeCompare(keyOf(b)));
}

export function linesOf(feed: Feed): bigint {
  return LEVELS.reduce((sum, level) => sum + feed.lines[level], 0n);
}

export interface Stretch {
  level: Level;
  /** Of the bar, in percent. */
  width: number;
  says: string;
}

/** What is too small to be seen is still drawn. */
const LEAST_WIDTH = 1.5;

/** The bar of parse levels; what did not occur has no stretch. */
export function levelsOf(feed: Feed): Stretch[] {
  const lines = linesOf(feed);
  const occurring = LEVELS.filter((level) => feed.lines[level] > 0n);
  const raw = occurring.map((level) => Math.max((Number(feed.lines[level]) / Number(lines)) * 100, LEAST_WIDTH));
  const sum = raw.reduce((total, width) => total + width, 0);
  return occurring.map((level, index) => ({
    level,
    width: ((raw[index] ?? 0) / sum) * 100,
    says: `${share(feed.lines[level], lines)} ${LEVEL_SAYS[level]}`,
  }));
}

/** The bar for whoever cannot see it. */
export function levelsSay(feed: Feed): string {
  const stretches = levelsOf(feed).map((one) => one.says);
  return stretches.length === 0 ? "no line yet" : `${counted(linesOf(feed), "line")}: ${stretches.join(", ")}`;
}

const NANOS_PER_MILLI = 1_000_000n;

/** A delay as large as the cap is that or more. */
export function lateSays(millis: number, cap = Number.POSITIVE_INFINITY): string {
  const says = duration(BigInt(millis) * NANOS_PER_MILLI);
  return millis >= cap ? `more than ${says}` : says;
}

export function latenessSays({ p50, p99, p999, cap }: Lateness): string {
  return `p50 ${lateSays(p50, cap)}, p99 ${lateSays(p99, cap)}, p99.9 ${lateSays(p999, cap)}`;
}

export function silenceSays(feed: Feed): string {
  if (feed.last === null) return "never";
  return feed.silentSeconds === 0 ? "just now" : `${duration(BigInt(feed.silentSeconds) * 1000n * NANOS_PER_MILLI)} ago`;
}

/** What the page is about, in a line. */
export function titleOf({ feeds }: Feeds): string {
  const came = feeds.filter((feed) => feed.state !== "never");
  if (came.length === 0) return "No feed has come yet";
  const wrong = came.filter((feed) => feed.state !== "flowing").length;
  const all = counted(came.length, "feed");
  return wrong === 0 ? `${all}, all well` : `${all}, ${wrong} to look at`;
}

/** What the clock of the sender does, where it is ahead. */
export function clockSays(feed: Feed): string | null {
  return feed.clockOffset !== null && feed.clockOffset < 0 ? `ahead by ${lateSays(-feed.clockOffset)}` : null;
}

/** `rung R2`, `segment edge policy`. */
export function givesSays(gain: Gain): string {
  return gain.kind === "answer" ? words(gain.name) : `${gain.kind} ${words(gain.name)}`;
}

/** Feeds that are asked for by a text: a name, or a field that is missing. */
export function matching(feeds: Feed[], find: string): Feed[] {
  const asked = find.trim().toLowerCase();
  const has = (text: string): boolean => text.toLowerCase().includes(asked);
  return feeds.filter((feed) => has(feed.name) || has(feed.state) || feed.missing.some(has));
}
