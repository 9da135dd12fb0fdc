// What went wrong, as the API says it (RFC 9457), or as we must say it where nothing answered.

/** Why there is no answer: a stable code for programs, a sentence and a way out for people. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly hint: string,
    /** The trace of our own request, where a server answered. */
    readonly traceId: string | null,
    /** Where in a query the fault is, 1 for the first character. */
    readonly column: number | null = null,
    /** What stands there. */
    readonly token: string | null = null,
  ) {
    super(detail || title);
    this.name = "Problem";
  }
}

/** From the body of an answer that is not a success. */
export async function problemOf(answer: Response): Promise<Problem> {
  const body: unknown = await answer.json().catch(() => null);
  const said = isRecord(body) ? body : {};
  const text = (name: string, fallback: string): string => {
    const value = said[name];
    return typeof value === "string" && value !== "" ? value : fallback;
  };
  const column = said["column"];
  return new Problem(
    answer.status,
    text("code", "unreadable_answer"),
    text("title", `the server answered ${answer.status}`),
    text("detail", ""),
    text("hint", "the server's log says more"),
    text("trace_id", "") || null,
    typeof column === "number" ? column : null,
    text("token", "") || null,
  );
}

/** No answer came at all. */
export function unreachable(): Problem {
  return new Problem(
    0,
    "not_reachable",
    "the server does not answer",
    "the connection to this page's own server failed",
    "see whether `fanlight serve` still runs, then try again",
    null,
  );
}

/** An answer came, and it is not what was agreed. */
export function unreadable(what: string): Problem {
  return new Problem(
    200,
    "unreadable_answer",
    "the answer cannot be read",
    `${what} is not in the shape that this pane knows`,
    "pane and server may be of different versions: reload the page",
    null,
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A request that we gave up ourselves: not a problem for anybody. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
