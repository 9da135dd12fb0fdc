// Sentences of the server carry literals in back-ticks.

/** A sentence in pieces, with which of them are literals. A back-tick without its partner is text. */
export function pieces(text: string): { text: string; literal: boolean }[] {
  const parts = text.split("`");
  const paired = parts.length % 2 === 1 ? parts : [...parts.slice(0, -2), `${parts.at(-2) ?? ""}\`${parts.at(-1) ?? ""}`];
  return paired.map((part, index) => ({ text: part, literal: index % 2 === 1 })).filter((piece) => piece.text !== "");
}
