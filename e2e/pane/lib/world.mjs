// A small invented company, sent over real sockets: each trace stands for something that a person must be able to see.

import { randomBytes } from "node:crypto";
import { record, sendLines } from "./lss.mjs";
import { sendSpans } from "./otlp.mjs";

export const ids = {
  trace: () => randomBytes(16).toString("hex"),
  span: () => randomBytes(8).toString("hex"),
};

const MILLI = 1_000_000n;
let nextPort = 20_000 + (randomBytes(2).readUInt16BE() % 30_000);

/** Nanoseconds, some seconds ago. */
export function ago(seconds) {
  return BigInt(Date.now()) * MILLI - BigInt(Math.round(seconds * 1000)) * MILLI;
}

export function after(start, millis) {
  return start + BigInt(Math.round(millis * 1e6));
}

/** The app connector's end of a connection, never twice the same. */
export function peer() {
  nextPort = 20_000 + ((nextPort + 1) % 40_000);
  return [`192.0.2.${7 + (nextPort % 200)}`, nextPort];
}

const seen = ([address, port]) => ({ "network.peer.address": address, "network.peer.port": port });
const resource = (service) => ({ "service.name": service, "service.namespace": "shop", "deployment.environment.name": "prod" });

/** A request that comes in over a connection, and what the app does with it. Spans of two services. */
export function orderTrace(start, connection, options = {}) {
  const { shop = "order-desk", stock = "stock", fails = false, asks = 3, setUp = 0, slow = 1 } = options;
  const traceId = ids.trace();
  const root = ids.span();
  const began = after(start, setUp);
  const calls = [];
  const stocks = [];
  for (let index = 0; index < asks; index += 1) {
    const spanId = ids.span();
    const from = 18 + index * 52 * slow;
    calls.push({ traceId, spanId, parentSpanId: root, name: "GET", kind: "client", start: after(began, from), end: after(began, from + 44 * slow), attributes: { "http.request.method": "GET", "url.full": `http://stock.example.com/items/${index + 1}`, "server.address": "stock.example.com" } });
    const served = ids.span();
    const failed = fails && index === asks - 1;
    stocks.push({ traceId, spanId: served, parentSpanId: spanId, name: "GET /items/{id}", kind: "server", start: after(began, from + 3), end: after(began, from + 41 * slow), attributes: { "http.route": "/items/{id}", "http.response.status_code": failed ? 500 : 200 }, ...(failed && { status: { code: "error", message: "stock is locked" } }) });
    stocks.push({ traceId, spanId: ids.span(), parentSpanId: served, name: "SELECT items", kind: "client", start: after(began, from + 6), end: after(began, from + 33 * slow), attributes: { "db.system.name": "postgresql", "db.query.text": "select * from items where id = $1" } });
  }
  const ends = 18 + asks * 52 * slow + 16;
  const request = { traceId, spanId: root, name: "GET /orders/{order}", kind: "server", start: began, end: after(began, ends), attributes: { "http.request.method": "GET", "http.route": "/orders/{order}", "http.response.status_code": fails ? 500 : 200, "url.path": "/orders/1001", ...seen(connection.peer) }, ...(fails && { status: { code: "error", message: "" } }) };
  const render = { traceId, spanId: ids.span(), parentSpanId: root, name: "render", kind: "internal", start: after(began, ends - 12), end: after(began, ends - 1), attributes: {} };
  return { traceId, rootId: root, ends: setUp + ends, parts: [[resource(shop), [request, ...calls, render]], [resource(stock), stocks]] };
}

/** Sends a trace's spans, then, if it has one, its connection's record: the link is late, as it is in life. */
export async function send({ otlp, lss }, trace, connection) {
  for (const [from, spans] of trace.parts) await sendSpans(otlp, from, spans);
  if (connection) await sendLines(lss, [record(connection)]);
}

export const ANA = { user: "ana@example.com", device: "ana-laptop", rule: "Staff to order desk", client: "203.0.113.40" };
export const BEN = { user: "ben@example.com", device: "ben-phone", rule: "Deny contractors", client: "203.0.113.77" };
export const CARA = { user: "cara@example.com", device: "cara-desktop", rule: "Finance to order desk", client: "198.51.100.9", serviceEdge: "US-EAST-1", appConnector: "dc2-connector-b" };

/** Everything that the tests ask for. Returns what was sent, by name. */
export async function populate(target) {
  const slowStart = ago(40);
  const slow = { ...ANA, start: slowStart, peer: peer(), edge: 9.6, connector: 158, server: 4.8, lasts: 460, answered: 395 };
  const joined = orderTrace(slowStart, slow, { setUp: 180 });
  await send(target, joined, slow);

  const failStart = ago(55);
  const failing = { ...CARA, start: failStart, peer: peer(), edge: 6.1, connector: 21, server: 1.2, lasts: 300, answered: 250 };
  const failed = orderTrace(failStart, failing, { setUp: 31, fails: true, slow: 1.6 });
  await send(target, failed, failing);

  const laterStart = ago(70);
  const later = { ...ANA, start: after(laterStart, -20_000), peer: peer(), edge: 4, connector: 30, server: 1, lasts: 30_000 };
  const reused = orderTrace(laterStart, later, { asks: 2 });
  await send(target, reused, later);
  const first = orderTrace(after(later.start, 36), later, { asks: 1 });
  await send(target, first, null);

  const direct = orderTrace(ago(90), { peer: ["10.0.0.9", 55_555] }, { shop: "batch", asks: 5 });
  await send(target, direct, null);

  const denied = { ...BEN, start: ago(30), peer: peer(), blocked: true, edge: 3, lasts: 4 };
  await sendLines(target.lss, [record(denied)]);
  const unanswered = { ...ANA, start: ago(20), peer: peer(), edge: 3, connector: 12, server: 1, lasts: 70 };
  await sendLines(target.lss, [record(unanswered)]);
  return { joined, failed, reused, direct };
}

/** A trace of `count` spans, twenty a request, in pieces that a receiver takes. */
export async function sendLarge({ otlp }, count) {
  const traceId = ids.trace();
  const start = ago(120);
  const root = { traceId, spanId: ids.span(), name: "nightly import", kind: "consumer", start, end: after(start, count * 1.05), attributes: {} };
  let batch = [root];
  for (let index = 1, group = root; index < count; index += 1) {
    const opens = index % 20 === 1;
    const from = after(start, index);
    const span = { traceId, spanId: ids.span(), parentSpanId: opens ? root.spanId : group.spanId, name: opens ? `import batch ${Math.floor(index / 20)}` : `INSERT line ${index}`, kind: opens ? "internal" : "client", start: from, end: after(from, opens ? 20 : 0.9), attributes: { "db.system.name": "postgresql", "line.number": index }, ...(index % 997 === 0 && { status: { code: "error", message: "duplicate key" } }) };
    if (opens) group = span;
    batch.push(span);
    if (batch.length === 2_000 || index === count - 1) {
      await sendSpans(otlp, resource("importer"), batch);
      batch = [];
    }
  }
  return { traceId };
}
