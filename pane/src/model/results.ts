// The sentence above a list of traces.

import type { Found, SearchAnswer } from "../api/found";
import { counted } from "./format";

/** `limit` is what was asked for: as many as that means that there may be more. */
export function resultsSay(answer: SearchAnswer, range: string, limit: number): string {
  const { found } = answer;
  if (found.length === 0) return `No trace ${range}`;
  const more = found.length >= limit ? "the newest " : "";
  const failed = found.filter((one) => one.errorCount > 0).length;
  const known = found.filter((one) => one.access?.person).length;
  const parts = [
    `${more}${counted(found.length, "trace")} ${range}`,
    failed > 0 ? `${failed} with errors` : "none with errors",
    known > 0 ? `${known} with a person behind` : "none joined to a person",
  ];
  return parts.join(", ").replace(/^the newest/, "The newest");
}

export type Order = "newest" | "longest";

export function ordered(found: Found[], order: Order): Found[] {
  return order === "newest" ? found : [...found].sort((a, b) => (a.duration < b.duration ? 1 : a.duration > b.duration ? -1 : 0));
}

/** A range within a sentence: "in the last hour", or "in" and two times. */
export function rangeSays(said: string): string {
  return said.startsWith("last") ? `in the ${said}` : `in ${said}`;
}
