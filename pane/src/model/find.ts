// Search in one trace: names, services, ids, keys and values.

import type { Row } from "./forest";

/** Indexes of the rows that have all words of the query somewhere. Nothing is asked where the query is blank. */
export function findIn(rows: Row[], query: string): number[] {
  const terms = query.toLowerCase().split(/\s+/).filter((term) => term !== "");
  if (terms.length === 0) return [];
  return rows.filter((row) => terms.every((term) => has(row, term))).map((row) => row.index);
}

/** The next match after a row, around the end; -1 where there is none. */
export function nextMatch(matches: readonly number[], from: number, step: 1 | -1): number {
  if (matches.length === 0) return -1;
  if (step === 1) return matches.find((match) => match > from) ?? matches[0] ?? -1;
  return matches.findLast((match) => match < from) ?? matches.at(-1) ?? -1;
}

/** `key=value` asks for that attribute; anything else for the text anywhere. */
function has(row: Row, term: string): boolean {
  const { span } = row;
  const plain = [span.name, span.service ?? "", span.id, span.statusMessage ?? "", span.kind, span.status];
  if (plain.some((text) => text.toLowerCase().includes(term))) return true;
  return [span.attributes, span.resource].some((entries) =>
    entries.some(([key, value]) => `${key}=${value}`.toLowerCase().includes(term)),
  );
}
