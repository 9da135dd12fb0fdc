// A trace in other forms, to be pasted elsewhere. Foreign text cannot become a command or markup there.

import type { Trace } from "../api/trace";
import { toRfc3339 } from "../api/nanos";
import { confidence, counted, duration, harmless } from "./format";
import { findingOf } from "./finding";
import { type Join, person } from "./joins";
import { otlpOf } from "./otlp";
import { servicesOf } from "./services";
import { type Split, firstRequest } from "./split";

export interface Form {
  name: string;
  says: string;
  text: () => string;
}

/** All forms of a trace. `address` is the page's own, without its path. */
export function formsOf(trace: Trace, join: Join | null, split: Split, address: string): Form[] {
  const path = `${address}/api/v1/traces/${trace.id}`;
  return [
    { name: "Link", says: "this page", text: () => `${address}/traces/${trace.id}` },
    { name: "Markdown", says: "a summary for a ticket or a chat", text: () => markdown(trace, join, split, address) },
    { name: "JSON", says: "the answer as it came", text: () => JSON.stringify(trace.wire, null, 2) },
    { name: "OTLP", says: "OTLP/JSON; attribute values are text", text: () => otlpOf(trace.wire) },
    {
      name: "curl",
      says: "beside the server, in its folder",
      text: () => `curl --header "Authorization: Bearer $(cat fanlight-data/admin.token)" '${path}'`,
    },
    { name: "fanlight", says: "the same in a terminal", text: () => `fanlight trace ${trace.id} --server ${address}` },
  ];
}

export function markdown(trace: Trace, join: Join | null, split: Split, address: string): string {
  const span = split.span ?? firstRequest(trace.spans);
  const lines = [`**${plain(findingOf(trace, join, split))}**`, ""];
  const put = (name: string, value: string | null | undefined): void => {
    if (value) lines.push(`- ${name}: ${plain(value)}`);
  };
  put("request", span && `${span.service ?? ""} ${span.name}`.trim());
  put("at", span?.start ? toRfc3339(span.start) : null);
  put("spans", `${counted(trace.spans.length, "span")} of ${servicesOf(trace.spans).join(", ") || "no service"}`);
  const event = join?.event;
  if (event && join) {
    put("person", person(event));
    put("device", event.device);
    put("rule", event.rule);
    put("disposition", [event.disposition, ...event.effects].filter((one) => one !== null).join(", "));
    put("service edge", event.serviceEdge);
    put("app connector", event.appConnector);
    put("link", `${join.link.rung}, confidence ${confidence(join.link.confidence)}`);
  }
  split.portions.forEach((portion) => put(portion.name, duration(portion.length)));
  split.missing.forEach((missing) => put(`not measured: ${missing.name}`, missing.why));
  lines.push("", `${address}/traces/${trace.id}`);
  return lines.join("\n");
}

/** Text that stays text in markdown and in a chat: no markup, no mention, no link, one line. */
function plain(text: string): string {
  return harmless(text)
    .replace(/\s+/g, " ")
    .replace(/[\\`*_{}[\]()<>#+!|~&@]/g, "\\$&");
}
