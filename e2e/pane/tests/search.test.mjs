// Search: by building and by typing, to the trace and back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, target, until, world } from "../lib/place.mjs";

let place;
before(async () => (place = await browse()));
after(() => place.close());

const opens = (page, id) => page.locator(`a[href^="/traces/${id}"]`);

async function search(page, query = "") {
  await page.goto(`${target.base}/search${query}`);
  await page.getByRole("search").waitFor();
}

/** Waits until a trace is no longer listed: the list before stays until there is another. */
const gone = (page, id) => until(page, (id) => document.querySelector(`a[href^="/traces/${id}"]`) === null, id);

/** Fills one field of the builder, as a person does who leaves it with the tabulator. */
async function build(page, name, value) {
  await page.getByLabel(name, { exact: true }).fill(value);
  await page.keyboard.press("Tab");
}

test("every trace is listed with who, rule, disposition and errors, and its row opens it", async () => {
  const { page, seen } = await place.page();
  await search(page);
  await opens(page, world.failed.traceId).waitFor();
  const row = await page.getByRole("row").filter({ has: opens(page, world.failed.traceId) }).innerText().then((text) => text.replace(/\s+/g, " "));
  for (const text of ["order-desk", "GET /orders/{order}", "cara@example.com", "Finance to order desk", "allowed", "R3b", "2 failed"]) {
    assert.ok(row.includes(text), `${text} is not in: ${row}`);
  }
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /trace.* in the last hour, \d+ with errors, \d+ with a person behind/);
  await opens(page, world.failed.traceId).click();
  await page.getByRole("treegrid").waitFor();
  await page.goBack();
  await opens(page, world.failed.traceId).waitFor();
  assert.deepEqual(seen, { dialogs: [], violations: [], errors: [] });
});

test("the builder writes the query, and finds by service, by person and by rule", async () => {
  const { page } = await place.page();
  await search(page);
  await build(page, "Service", "batch");
  await until(page, () => new URLSearchParams(location.search).get("q") === '{ resource.service.name = "batch" }');
  await gone(page, world.joined.traceId);
  await opens(page, world.direct.traceId).waitFor();
  await build(page, "Service", "");
  await build(page, "Person", "cara@example.com");
  await opens(page, world.failed.traceId).waitFor();
  await gone(page, world.joined.traceId);
  await build(page, "Person", "");
  await build(page, "Rule", "Staff to order desk");
  await opens(page, world.joined.traceId).waitFor();
  await gone(page, world.failed.traceId);
  await page.getByLabel("Status").selectOption("error");
  await gone(page, world.joined.traceId);
  assert.equal(await page.locator("#query").inputValue(), '{ status = error && access.rule = "Staff to order desk" }');
});

test("what a field may be is offered", async () => {
  const { page } = await place.page();
  await search(page);
  for (const [name, list, value] of [["Service", "service", "order-desk"], ["Person", "user", "ana@example.com"], ["Rule", "rule", "Staff to order desk"], ["App", "app", "order desk"]]) {
    await page.getByLabel(name, { exact: true }).focus();
    await page.locator(`#values-${list} option[value="${value}"]`).waitFor({ state: "attached" });
  }
});

test("an address restores the query, the range and the builder", async () => {
  const { page } = await place.page();
  const q = '{ resource.service.name = "order-desk" && duration >= 150ms && access.disposition = "allowed" }';
  await search(page, `?q=${encodeURIComponent(q)}&last=6h&order=longest`);
  await opens(page, world.joined.traceId).waitFor();
  assert.equal(await page.locator("#query").inputValue(), q);
  assert.equal(await page.getByLabel("Service", { exact: true }).inputValue(), "order-desk");
  assert.equal(await page.getByLabel("At least").inputValue(), "150ms");
  assert.equal(await page.getByLabel("Disposition").inputValue(), "allowed");
  assert.equal(await page.getByTitle("Time range").innerText(), "last 6 hours");
  await page.getByRole("columnheader", { name: /Duration ↓/ }).waitFor();
});

test("a fault in the query is shown at its column", async () => {
  const { page } = await place.page();
  await search(page);
  await page.locator("#query").fill('{ name = "é" && duration > }');
  await page.keyboard.press("Enter");
  const alert = page.getByRole("alert");
  await alert.waitFor();
  const text = await alert.innerText();
  assert.match(text, /at column \d+/);
  const [query, caret] = text.split("\n");
  assert.equal(query, '{ name = "é" && duration > }');
  assert.equal(caret.indexOf("^"), query.indexOf("}"), text);
  assert.equal(await page.locator("#query").getAttribute("aria-invalid"), "true");
  await page.locator("#query").fill("{}");
  await page.keyboard.press("Enter");
  await opens(page, world.joined.traceId).waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
});

test("what TraceQL has and this version has not is refused by its column too", async () => {
  const { page } = await place.page();
  await search(page, `?q=${encodeURIComponent("{} | count() > 2")}`);
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /at column 4/);
  await page.getByRole("button", { name: "Start anew with the builder" }).click();
  await opens(page, world.joined.traceId).waitFor();
});

test("who was stopped is seen, although no app saw them", async () => {
  const { page } = await place.page();
  await search(page);
  const item = page.getByRole("listitem").filter({ hasText: "ben@example.com" }).first();
  await item.waitFor();
  const text = await item.innerText();
  for (const part of ["blocked", "ben-phone", "order desk", "Deny contractors", "the app never saw it"]) assert.ok(text.includes(part), text);
});

test("a time range can be typed", async () => {
  const { page } = await place.page();
  await search(page);
  await page.getByTitle("Time range").click();
  await page.getByLabel("Or type it").fill("nonsense");
  await page.keyboard.press("Enter");
  await page.getByText(/cannot be read/).waitFor();
  await page.getByLabel("Or type it").fill("2001-01-01 .. 2001-01-02");
  await page.keyboard.press("Enter");
  await until(page, () => location.search.includes("start=2001-01-01T00%3A00%3A00Z"));
  await page.getByText("begin like this").waitFor();
  await page.goBack();
  await opens(page, world.joined.traceId).waitFor();
});

test("an attribute of a span leads to the traces that have it", async () => {
  const { page } = await place.page();
  await page.goto(`${target.base}/traces/${world.direct.traceId}?span=${world.direct.rootId}`);
  await page.getByRole("tabpanel").waitFor();
  await page.locator("dt", { hasText: "http.route" }).hover();
  await page.getByRole("button", { name: "Find traces with this http.route" }).click();
  await until(page, () => new URLSearchParams(location.search).get("q") === '{ span.http.route = "/orders/{order}" }');
  await opens(page, world.direct.traceId).waitFor();
});

test("a pasted trace id opens the trace", async () => {
  const { page } = await place.page();
  await search(page);
  await page.getByLabel("Open a trace by its id").fill("not an id");
  await page.keyboard.press("Enter");
  await page.getByText("a trace id is 32 hex digits").waitFor();
  await page.getByLabel("Open a trace by its id").fill(` ${world.joined.traceId.toUpperCase()} `);
  await page.keyboard.press("Enter");
  await page.getByRole("treegrid").waitFor();
});
