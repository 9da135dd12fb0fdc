// Feeds for tests; nothing of the pane imports this.

export function wireFeed(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const none = { duplicates: "0", reasons: [], repairs: [], oddities: [], unknown_keys: [], unfilled: [], dialects: [], gains: [], possible: [], missing: [], problems: [], gaps: [], gap_count: "0" };
  return {
    ...none,
    feed: "zpa_user_activity",
    product: "zpa",
    source: "stream",
    state: "flowing",
    lines: { strict: "998", repaired: "1", raw: "1", dropped: "0" },
    dialect: "default",
    lateness: { records: "1000", p50_ms: 1500, p99_ms: 4000, p999_ms: 9000, cap_ms: 268_435_456 },
    clock_offset_ms: 0,
    zone_seconds: null,
    unordered: 0.01,
    whole_seconds: true,
    first_arrival: "2026-11-22T06:00:00Z",
    last_arrival: "2026-11-22T07:00:00Z",
    silent_seconds: 12,
    usual_seconds: 10,
    watermark: "2026-11-22T06:59:51Z",
    delay_ms: 9000,
    delay_is_learned: true,
    connections: 2,
    command: "fanlight config template zpa_user_activity",
    ...changes,
  };
}

export function wireFeeds(feeds: Record<string, unknown>[]): Record<string, unknown> {
  return { time: "2026-11-22T07:00:12Z", feeds, rungs: [], alarms: [] };
}
