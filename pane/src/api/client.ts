// The API's routes that the pane uses. Cookies carry the sign-in; no token is ever in the page's hands.

import { type Nanos, toRfc3339 } from "./nanos";
import { isAbort, problemOf, unreachable, unreadable } from "./problem";
import { type Feeds, decodeFeeds } from "./feeds";
import { decodeRows, decodeSearch, decodeServices, decodeStatus, decodeValues } from "./found";
import type { Counts, Occurrence, SearchAnswer } from "./found";
import { type Trace, decodeTrace } from "./trace";

const BASE = "/api/v1";

export type AccessField = "rule" | "disposition" | "user" | "app";

export async function getTrace(id: string, signal: AbortSignal): Promise<Trace> {
  return decodeTrace(await get(`/traces/${encodeURIComponent(id)}`, signal));
}

export async function search(
  asked: { q: string; start: Nanos; end: Nanos; limit: number },
  signal: AbortSignal,
): Promise<SearchAnswer> {
  const query = new URLSearchParams({
    q: asked.q,
    start: toRfc3339(asked.start),
    end: toRfc3339(asked.end),
    limit: String(asked.limit),
  });
  return decodeSearch(await get(`/search?${query}`, signal));
}

export async function services(signal: AbortSignal): Promise<Occurrence[]> {
  return decodeServices(await get("/services", signal));
}

export async function accessValues(field: AccessField, signal: AbortSignal): Promise<Occurrence[]> {
  return decodeValues(await get(`/access-values?field=${field}`, signal));
}

export async function feeds(signal: AbortSignal): Promise<Feeds> {
  return decodeFeeds(await get("/feeds", signal));
}

export async function status(signal: AbortSignal): Promise<Counts> {
  return decodeStatus(await get("/status", signal));
}

export async function sql(text: string, signal: AbortSignal): Promise<Record<string, unknown>[]> {
  return decodeRows(await post("/sql", { sql: text }, signal));
}

/** Trades the one-time code for a cookie. */
export async function signIn(code: string): Promise<void> {
  await send(`${BASE}/sign-in`, posted({ code }));
}

export async function signOut(): Promise<void> {
  await send(`${BASE}/sign-out`, posted({}));
}

async function get(path: string, signal: AbortSignal): Promise<unknown> {
  return body(await send(BASE + path, { signal }));
}

async function post(path: string, content: unknown, signal: AbortSignal): Promise<unknown> {
  return body(await send(BASE + path, { ...posted(content), signal }));
}

function posted(content: unknown): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(content) };
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", redirect: "error", ...init });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw unreachable();
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

async function body(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch (error) {
    if (isAbort(error)) throw error;
    throw unreadable("the answer");
  }
}
