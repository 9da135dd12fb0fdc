// F33: text that wants to be markup, in every field that carries text, over the real doors.

import { after, ago, ids, peer } from "./world.mjs";
import { record, sendLines } from "./lss.mjs";
import { sendSpans } from "./otlp.mjs";

/** Counts when it runs: the page has this function only if one of these payloads was executed. */
export const PAYLOADS = [
  `<img src=x onerror="alert('f33')" class="f33">`,
  `"><script class="f33">alert('f33')</script>`,
  `'"><svg class="f33" onload=alert('f33')>`,
  `javascript:alert('f33')//`,
  `</title><iframe class="f33" srcdoc="<script>alert('f33')</script>">`,
  `{{constructor.constructor("alert('f33')")()}}\${alert('f33')}`,
  `<style class="f33">*{display:none}</style>\u202e\u0007\u001b[2J`,
];

/** One text with all of them, for fields of which there is only one. */
const ALL = PAYLOADS.join(" ");

export async function hostile({ otlp, lss }) {
  const traceId = ids.trace();
  const root = ids.span();
  const start = ago(35);
  const socket = peer();
  const entries = Object.fromEntries(PAYLOADS.map((payload, index) => [`${payload} key ${index}`, `${payload} value ${index}`]));
  const known = ["http.route", "url.full", "http.request.method", "server.address", "db.query.text", "user.id", "security_rule.name", "fanlight.access.disposition", "enduser.id"];
  const attributes = {
    ...entries,
    ...Object.fromEntries(known.map((key) => [key, ALL])),
    nested: [ALL, `{"${PAYLOADS[0]}":"${PAYLOADS[1]}"}`],
    "network.peer.address": socket[0],
    "network.peer.port": socket[1],
  };
  const resource = { "service.name": ALL, "service.namespace": ALL, "deployment.environment.name": ALL, ...entries };
  const from = after(start, 60);
  const spans = [
    { traceId, spanId: root, name: ALL, kind: "server", start: from, end: after(from, 90), traceState: "a=b", attributes, status: { code: "error", message: ALL }, events: [{ name: ALL, attributes: entries }] },
    ...PAYLOADS.map((payload, index) => ({ traceId, spanId: ids.span(), parentSpanId: root, name: payload, kind: "client", start: after(from, 5 + index * 10), end: after(from, 12 + index * 10), attributes: entries })),
    { traceId, spanId: ids.span(), parentSpanId: ids.span(), name: `orphan ${ALL}`, kind: "internal", start: from, end: after(from, 5), attributes: {} },
  ];
  await sendSpans(otlp, resource, spans, { name: ALL, version: ALL });
  const texts = Object.fromEntries(
    ["Customer", "Username", "ClientZEN", "ConnectorZEN", "Policy", "Connector", "Host", "Application", "AppGroup", "Server", "Idp", "ClientCity", "Platform", "Hostname", "ClientPublicIP", "ClientPrivateIP", "ClientCountryCode"].map((name) => [name, `${name} ${ALL}`]),
  );
  const connection = { start, user: ALL, rule: ALL, peer: socket, edge: 8, connector: 30, server: 2, lasts: 200, answered: 120, more: texts };
  const denied = { ...connection, start: ago(25), peer: peer(), blocked: true, more: { ...texts, InternalReason: `BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY` } };
  const odd = { ...connection, start: ago(26), peer: peer(), more: { ...texts, InternalReason: ALL, ConnectionStatus: ALL } };
  await sendLines(lss, [record(connection), record(denied), record(odd), `{"${PAYLOADS[0]}": "${PAYLOADS[1].replaceAll('"', '\\"')}", not json`]);
  return { traceId, rootId: root, count: spans.length };
}
