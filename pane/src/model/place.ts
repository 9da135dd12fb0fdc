// The URL is the state: what a place is, read from an address and written to one.

import { type Nanos, parseTime, toRfc3339 } from "../api/nanos";
import { DEFAULT, type Range, backOf } from "./range";
import type { Order } from "./results";
import { ALL } from "./traceql";
import type { Stretch } from "./zoom";

export interface SearchPlace {
  view: "search";
  q: string;
  range: Range;
  order: Order;
}

export interface TracePlace {
  view: "trace";
  id: string;
  /** The chosen span, or the chosen access event. */
  span: string | null;
  event: string | null;
  /** Which part of the drawer is open. */
  tab: string | null;
  find: string;
  /** Only matches and what they hang on. */
  only: boolean;
  zoom: Stretch | null;
}

export interface FeedsPlace {
  view: "feeds";
  /** The feed that is open. */
  feed: string | null;
  find: string;
}

export interface UnknownPlace {
  view: "unknown";
  path: string;
}

export type Place = SearchPlace | TracePlace | FeedsPlace | UnknownPlace;

export function searchPlace(q = ALL, range: Range = DEFAULT): SearchPlace {
  return { view: "search", q, range, order: "newest" };
}

export function tracePlace(id: string, span: string | null = null): TracePlace {
  return { view: "trace", id, span, event: null, tab: null, find: "", only: false, zoom: null };
}

export function feedsPlace(feed: string | null = null): FeedsPlace {
  return { view: "feeds", feed, find: "" };
}

export function readPlace(path: string, query: string): Place {
  const asked = new URLSearchParams(query);
  if (path === "/" || path === "/search" || path === "/search/") {
    const order = asked.get("order") === "longest" ? "longest" : "newest";
    return { view: "search", q: asked.get("q") ?? ALL, range: readRange(asked), order };
  }
  if (path === "/feeds" || path === "/feeds/") return { view: "feeds", feed: asked.get("feed"), find: asked.get("find") ?? "" };
  const id = /^\/traces\/([^/]+)\/?$/.exec(path)?.[1];
  if (id === undefined) return { view: "unknown", path };
  return {
    view: "trace",
    id: decoded(id).trim().toLowerCase(),
    span: asked.get("span"),
    event: asked.get("event"),
    tab: asked.get("tab"),
    find: asked.get("find") ?? "",
    only: asked.get("only") === "1",
    zoom: readZoom(asked.get("zoom")),
  };
}

export function writePlace(place: Place): string {
  if (place.view === "unknown") return place.path;
  const asked = new URLSearchParams();
  const put = (name: string, value: string | null): void => {
    if (value !== null && value !== "") asked.set(name, value);
  };
  let path = "/search";
  if (place.view === "search") {
    put("q", place.q === ALL ? null : place.q);
    writeRange(place.range, put);
    put("order", place.order === "newest" ? null : place.order);
  } else if (place.view === "feeds") {
    path = "/feeds";
    put("feed", place.feed);
    put("find", place.find);
  } else {
    path = `/traces/${encodeURIComponent(place.id)}`;
    put("span", place.span);
    put("event", place.event);
    put("tab", place.tab);
    put("find", place.find);
    put("only", place.only ? "1" : null);
    put("zoom", place.zoom && `${Math.round(place.zoom.from)}-${Math.round(place.zoom.to)}`);
  }
  const query = asked.toString();
  return query === "" ? path : `${path}?${query}`;
}

/** What somebody pasted that is a trace id, with or without dashes. */
export function traceIdOf(text: string): string | null {
  const bare = text.trim().toLowerCase().replaceAll("-", "");
  const found = /^(?:.*\/traces\/)?([0-9a-f]{32})(?:[?#].*)?$/.exec(bare)?.[1];
  return found === undefined || /^0+$/.test(found) ? null : found;
}

function readRange(asked: URLSearchParams): Range {
  const start = parseTime(asked.get("start"));
  const end = parseTime(asked.get("end"));
  if (start !== null && end !== null && end > start) return { kind: "fixed", start, end };
  const back = asked.get("last") ?? "";
  return backOf(back) === null ? DEFAULT : { kind: "last", back };
}

function writeRange(range: Range, put: (name: string, value: string | null) => void): void {
  if (range.kind === "last") {
    put("last", DEFAULT.kind === "last" && range.back === DEFAULT.back ? null : range.back);
    return;
  }
  put("start", short(range.start));
  put("end", short(range.end));
}

/** Without the zeros that say nothing. */
function short(time: Nanos): string {
  return toRfc3339(time).replace(/\.?0+Z$/, "Z");
}

function readZoom(text: string | null): Stretch | null {
  const found = /^(\d{1,18})-(\d{1,18})$/.exec(text ?? "");
  const [from, to] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
  return to > from ? { from, to } : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
