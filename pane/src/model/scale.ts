// One scale for the lengths of many traces: by powers of ten, since they differ by them.

import type { Nanos } from "../api/nanos";
import { duration } from "./format";

export interface Scale {
  /** 0 at the shortest, 1 at the longest. */
  place: (length: Nanos) => number;
  marks: { at: number; label: string }[];
}

/** From the power of ten below the shortest to the longest. */
export function scaleOf(lengths: Nanos[]): Scale {
  const known = lengths.map(Number).filter((length) => length > 0);
  const longest = Math.max(...known, 1e6);
  const low = Math.floor(Math.log10(Math.min(...known, longest)));
  const high = Math.max(Math.log10(longest), low + 1);
  const at = (length: number): number => Math.min(1, Math.max(0, (Math.log10(Math.max(length, 1)) - low) / (high - low)));
  const powers = Array.from({ length: Math.floor(high) - low + 1 }, (_, index) => low + index);
  const every = Math.ceil(powers.length / MOST_MARKS);
  return {
    place: (length) => at(Number(length)),
    marks: powers
      .filter((_, index) => index % every === 0)
      .map((power) => ({ at: at(10 ** power), label: duration(10n ** BigInt(power)).replace(/\.0+ /, " ") })),
  };
}

const MOST_MARKS = 5;
