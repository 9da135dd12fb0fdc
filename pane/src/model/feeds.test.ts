import { expect, test } from "vitest";
import { decodeFeeds } from "../api/feeds";
import { clockSays, givesSays, keyOf, levelsOf, levelsSay, matching, ordered, silenceSays, titleOf } from "./feeds";
import { wireFeed, wireFeeds } from "./feeds.fixture";

const feedsOf = (...feeds: Record<string, unknown>[]) => decodeFeeds(wireFeeds(feeds)).feeds;
const feedOf = (changes: Record<string, unknown> = {}) => {
  const [feed] = feedsOf(wireFeed(changes));
  if (!feed) throw new Error("no feed");
  return feed;
};

test("what needs a look stands first", () => {
  const feeds = feedsOf(wireFeed(), wireFeed({ feed: "zia_web", state: "never", source: null }), wireFeed({ feed: "zpa_audit", state: "silent" }), wireFeed({ feed: "zpa_audit", state: "silent", source: "pushed" }));
  expect(ordered(feeds).map(keyOf)).toEqual(["zpa_audit", "zpa_audit~pushed", "zia_web", "zpa_user_activity"]);
});

test("a level of one line in a thousand is still seen, and the bar is full", () => {
  const stretches = levelsOf(feedOf());
  expect(stretches.map((one) => one.level)).toEqual(["strict", "repaired", "raw"]);
  expect(Math.min(...stretches.map((one) => one.width))).toBeGreaterThan(1);
  expect(stretches.reduce((sum, one) => sum + one.width, 0)).toBeCloseTo(100);
  expect(levelsSay(feedOf())).toBe("1\u2009000 lines: > 99 % read as the format says, < 1 % mended, < 1 % kept without being read");
});

test("a feed that has not come has no bar", () => {
  const never = feedOf({ state: "never", source: null, last_arrival: null, lines: { strict: "0", repaired: "0", raw: "0", dropped: "0" } });
  expect([levelsOf(never), levelsSay(never), silenceSays(never)]).toEqual([[], "no line yet", "never"]);
});

test("counts beyond what a double can tell stay whole", () => {
  expect(feedOf({ lines: { strict: "9007199254740993", repaired: "0", raw: "0", dropped: "0" } }).lines.strict).toBe(9007199254740993n);
});

test("the title says how many there are and how many to look at", () => {
  const title = (...states: string[]) => titleOf(decodeFeeds(wireFeeds(states.map((state) => wireFeed({ state })))));
  expect(title()).toBe("No feed has come yet");
  expect(title("never")).toBe("No feed has come yet");
  expect(title("flowing", "never")).toBe("1 feed, all well");
  expect(title("flowing", "late", "silent")).toBe("3 feeds, 2 to look at");
});

test("a clock that is ahead is told, one that is not is not", () => {
  expect(clockSays(feedOf({ clock_offset_ms: -30_000 }))).toBe("ahead by 30.0 s");
  expect(clockSays(feedOf({ clock_offset_ms: 0 }))).toBeNull();
  expect(clockSays(feedOf({ clock_offset_ms: null }))).toBeNull();
});

test("a feed is found by its name, its state and the field that it lacks", () => {
  const feeds = feedsOf(wireFeed({ missing: ["ConnectorPort"] }), wireFeed({ feed: "zpa_audit", state: "silent" }));
  expect(matching(feeds, "connectorport").map(keyOf)).toEqual(["zpa_user_activity"]);
  expect(matching(feeds, "SILENT").map(keyOf)).toEqual(["zpa_audit"]);
  expect(matching(feeds, " ")).toHaveLength(2);
});

test("a gain says of which kind it is", () => {
  expect(givesSays({ kind: "rung", name: "R2", fields: [], words: "" })).toBe("rung R2");
  expect(givesSays({ kind: "segment", name: "edge_policy", fields: [], words: "" })).toBe("segment edge policy");
  expect(givesSays({ kind: "answer", name: "device", fields: [], words: "" })).toBe("device");
});

test("an answer without its lists is said to be unreadable", () => {
  expect(() => decodeFeeds({ feeds: [] })).toThrow();
  expect(() => decodeFeeds(null)).toThrow();
});
