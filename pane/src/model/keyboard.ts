// The keyboard map: which key does what, as one table that the help shows too.

export type Action =
  | "help"
  | "search"
  | "find"
  | "clear"
  | "next"
  | "previous"
  | "pageDown"
  | "pageUp"
  | "first"
  | "last"
  | "nextMatch"
  | "previousMatch"
  | "firstError"
  | "openAll"
  | "foldAll"
  | "openLevel"
  | "foldLevel"
  | "panLeft"
  | "panRight"
  | "zoomIn"
  | "zoomOut"
  | "fit"
  | "detail"
  | "goSearch"
  | "goFeeds"
  | "theme";

export interface Binding {
  action: Action;
  keys: string[];
  says: string;
  /** Where it works: everywhere, or in the waterfall's view. */
  in: "everywhere" | "trace";
}

/** A sequence is written with a blank: `g g`. Jaeger's keys where it has them. */
export const BINDINGS: Binding[] = [
  { action: "help", keys: ["?"], says: "this help", in: "everywhere" },
  { action: "search", keys: ["/"], says: "to the query, or to the search in the trace", in: "everywhere" },
  { action: "goSearch", keys: ["g s"], says: "to the search view", in: "everywhere" },
  { action: "goFeeds", keys: ["g f"], says: "to the feeds", in: "everywhere" },
  { action: "theme", keys: ["t"], says: "next theme: system, light, dark", in: "everywhere" },
  { action: "clear", keys: ["Escape"], says: "close, or clear the search in the trace", in: "everywhere" },
  { action: "next", keys: ["f", "j"], says: "next span", in: "trace" },
  { action: "previous", keys: ["b", "k"], says: "previous span", in: "trace" },
  { action: "pageDown", keys: ["s"], says: "a page down", in: "trace" },
  { action: "pageUp", keys: ["w"], says: "a page up", in: "trace" },
  { action: "first", keys: ["g g"], says: "first span", in: "trace" },
  { action: "last", keys: ["G"], says: "last span", in: "trace" },
  { action: "detail", keys: ["Enter"], says: "open the span's detail", in: "trace" },
  { action: "nextMatch", keys: ["n"], says: "next match", in: "trace" },
  { action: "previousMatch", keys: ["N"], says: "previous match", in: "trace" },
  { action: "firstError", keys: ["e"], says: "first span that failed", in: "trace" },
  { action: "openAll", keys: ["["], says: "unfold all", in: "trace" },
  { action: "foldAll", keys: ["]"], says: "fold all", in: "trace" },
  { action: "openLevel", keys: ["o"], says: "unfold one level", in: "trace" },
  { action: "foldLevel", keys: ["p"], says: "fold one level", in: "trace" },
  { action: "panLeft", keys: ["a"], says: "move the view to the left", in: "trace" },
  { action: "panRight", keys: ["d"], says: "move the view to the right", in: "trace" },
  { action: "zoomIn", keys: ["+", "="], says: "zoom in", in: "trace" },
  { action: "zoomOut", keys: ["-"], says: "zoom out", in: "trace" },
  { action: "fit", keys: ["0"], says: "the whole trace", in: "trace" },
];

/** What the treegrid does by itself when it has the focus; for the help only. */
export const GRID_KEYS: { keys: string[]; says: string }[] = [
  { keys: ["↑", "↓"], says: "previous or next span" },
  { keys: ["→", "←"], says: "unfold or fold; to the first child or the parent" },
  { keys: ["Home", "End"], says: "first or last span" },
];

export interface Press {
  key: string;
  ctrl: boolean;
  alt: boolean;
  meta: boolean;
  /** The focus is where text is typed. */
  inText: boolean;
}

/** What came of a key: an action, or the first half of a sequence. */
export interface Struck {
  action: Action | null;
  pending: string | null;
}

/**
 * `pending` is the first key of a sequence, if one was struck just before. With single keys turned off only those with
 * a name (`Escape`, `Enter`) still act, as WCAG 2.1.4 asks.
 */
export function strike(press: Press, pending: string | null, view: Binding["in"] | "search", singles: boolean): Struck {
  const none: Struck = { action: null, pending: null };
  if (press.ctrl || press.alt || press.meta) return none;
  const named = press.key.length > 1;
  if (press.inText) return press.key === "Escape" ? { action: "clear", pending: null } : none;
  if (!named && !singles) return none;
  const here = BINDINGS.filter((binding) => binding.in === "everywhere" || binding.in === view);
  const asked = pending === null ? press.key : `${pending} ${press.key}`;
  const found = here.find((binding) => binding.keys.includes(asked));
  if (found) return { action: found.action, pending: null };
  if (pending !== null) return strike(press, null, view, singles);
  const begins = here.some((binding) => binding.keys.some((keys) => keys.startsWith(`${press.key} `)));
  return { action: null, pending: begins ? press.key : null };
}
