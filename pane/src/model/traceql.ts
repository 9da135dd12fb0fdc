// The builder's fields as TraceQL, and back where the text is such as the builder writes.

export interface Fields {
  service: string;
  least: string;
  most: string;
  user: string;
  rule: string;
  disposition: string;
  app: string;
  status: string;
}

export const BLANK: Fields = { service: "", least: "", most: "", user: "", rule: "", disposition: "", app: "", status: "" };

/** Everything. */
export const ALL = "{}";

const LENGTH = /^\d+(\.\d+)?(ns|us|µs|ms|s|m|h)$/;

interface Term {
  field: keyof Fields;
  key: string;
  operator: string;
  quoted: boolean;
}

const TERMS: Term[] = [
  { field: "service", key: "resource.service.name", operator: "=", quoted: true },
  { field: "least", key: "duration", operator: ">=", quoted: false },
  { field: "most", key: "duration", operator: "<=", quoted: false },
  { field: "status", key: "status", operator: "=", quoted: false },
  { field: "user", key: "access.user", operator: "=", quoted: true },
  { field: "rule", key: "access.rule", operator: "=", quoted: true },
  { field: "disposition", key: "access.disposition", operator: "=", quoted: true },
  { field: "app", key: "access.app", operator: "=", quoted: true },
];

/** `50` is taken as milliseconds; blanks between number and unit are allowed. */
export function lengthOf(text: string): string {
  const tight = text.replace(/\s+/g, "");
  return /^\d+(\.\d+)?$/.test(tight) ? `${tight}ms` : tight;
}

export function isLength(text: string): boolean {
  return text.trim() === "" || LENGTH.test(lengthOf(text));
}

/** The query that the fields ask. A length that is none is left out. */
export function write(fields: Fields): string {
  const terms = TERMS.flatMap(({ field, key, operator, quoted: isQuoted }) => {
    const value = fields[field].trim();
    if (value === "") return [];
    if (key === "duration") return isLength(value) ? [`duration ${operator} ${lengthOf(value)}`] : [];
    return [`${key} ${operator} ${isQuoted ? quoted(value) : value}`];
  });
  return terms.length === 0 ? ALL : `{ ${terms.join(" && ")} }`;
}

/** The fields that a query fills, or null where it says more than the builder can. */
export function read(query: string): Fields | null {
  const body = /^\s*\{([\s\S]*)\}\s*$/.exec(query)?.[1];
  if (body === undefined) return query.trim() === "" ? { ...BLANK } : null;
  const fields = { ...BLANK };
  let rest = body.trim();
  while (rest !== "") {
    const found = /^([a-z_.]+)\s*(=|>=|<=)\s*("(?:[^"\\]|\\.)*"|[^\s"&|{}]+)\s*(?:&&\s*(?=\S)|$)/i.exec(rest);
    const term = found && TERMS.find((one) => one.key === found[1] && one.operator === found[2]);
    const value = found?.[3] ?? "";
    if (!found || !term || term.quoted !== value.startsWith('"') || fields[term.field] !== "") return null;
    fields[term.field] = term.quoted ? unquoted(value) : value;
    rest = rest.slice(found[0].length);
  }
  return fields;
}

/** One more condition on a query: what "find traces with this" and "exclude this" write. */
export function narrowed(query: string, key: string, operator: "=" | "!=", value: string): string {
  const body = /^\s*\{([\s\S]*)\}\s*$/.exec(query)?.[1]?.trim() ?? "";
  const term = `${key} ${operator} ${quoted(value)}`;
  return body === "" ? `{ ${term} }` : `{ ${body} && ${term} }`;
}

/** An attribute's name as TraceQL writes it: in quotes where it is no plain name. */
export function attribute(scope: "span" | "resource", key: string): string {
  return /^[A-Za-z_][\w.\-/]*$/.test(key) ? `${scope}.${key}` : `${scope}.${quoted(key)}`;
}

export function quoted(value: string): string {
  const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
}

/** A column counts bytes of UTF-8 from 1, a caret stands before a character: its place in the text. */
export function caretOf(query: string, column: number): number {
  let bytes = 0;
  let at = 0;
  for (const character of query) {
    if (bytes >= column - 1) break;
    bytes += new TextEncoder().encode(character).length;
    at += character.length;
  }
  return at;
}
