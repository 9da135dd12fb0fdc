// The access-aware waterfall: what a person must see of a joined trace, and how they move in it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, openTrace, target, traceAddress, until, world } from "../lib/place.mjs";

let place;
before(async () => (place = await browse()));
after(() => place.close());

/** Waits for the chosen row's name. */
const chosen = (page, name) => page.locator(`[role=row][aria-selected=true]`, { hasText: name }).waitFor();
/** The row that the treegrid's keys act on. */
const cursor = (page) => page.evaluate(() => document.getElementById(document.querySelector("[role=treegrid]").getAttribute("aria-activedescendant"))?.innerText);

test("a joined trace says who, by which way, under which rule, and how sure that is", async () => {
  const { page, seen } = await place.page();
  await openTrace(page, world.joined.traceId);
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /^\d+ ms, of which 180 ms before the app saw it$/);
  const strip = await page.getByLabel("Who and by which way").innerText();
  for (const text of ["ana@example.com", "ana-laptop", "EU-CENTRAL-2", "dc1-connector-a", "order desk", "Staff to order desk", "allowed", "R3b", "0.99"]) {
    assert.ok(strip.includes(text), `${text} is not in: ${strip}`);
  }
  assert.deepEqual(seen, { dialogs: [], violations: [], errors: [] });
});

test("the split sums to the total and names what was not measured", async () => {
  const { page } = await place.page();
  await openTrace(page, world.joined.traceId);
  const names = await page.locator("[data-portion]").evaluateAll((rows) => rows.map((row) => row.dataset.portion));
  assert.deepEqual(names, ["edge_policy", "connector_setup", "server_connect", "our_code", "dependency", "unexplained"]);
  const lengths = await page.locator("[data-portion] .length").allInnerTexts();
  const sum = lengths.map((text) => parseFloat(text)).reduce((all, one) => all + one, 0);
  const total = parseFloat((await page.getByText(/^sums to/).innerText()).replace("sums to ", ""));
  assert.ok(Math.abs(sum - total) < 2, `${lengths} is not ${total} ms`);
  const missing = await page.locator('[data-missing="last_mile"]').innerText();
  assert.match(missing, /not measured/);
  assert.match(missing, /User Activity cannot separate it/);
});

test("the access lane goes from the device to the app on the spans' axis", async () => {
  const { page } = await place.page();
  await openTrace(page, world.joined.traceId);
  const lane = page.getByLabel("Access: from the device to the app");
  const hops = await lane.getByRole("button").allInnerTexts();
  assert.deepEqual(hops.map((text) => text.split("\n")[0].trim()), ["device", "service edge", "app connector", "app"]);
  const boxes = {};
  for (const segment of ["edge_policy", "connector_setup", "server_connect"]) boxes[segment] = await lane.locator(`[data-segment=${segment}]`).boundingBox();
  assert.ok(boxes.edge_policy.x + boxes.edge_policy.width <= boxes.connector_setup.x + 2, "policy ends where the set-up begins");
  assert.ok(boxes.connector_setup.x + boxes.connector_setup.width <= boxes.server_connect.x + 2);
  assert.ok(boxes.connector_setup.width > 5 * boxes.edge_policy.width, "158 ms against 9.6 ms");
  // The request's span begins 180 ms after the connection, on the same pixels.
  const label = await page.getByRole("row").first().locator(".length").boundingBox();
  assert.ok(label.x > boxes.connector_setup.x);
});

test("the link's evidence: rung, keys of both partners, rival, residual, lateness; and the raw record", async () => {
  const { page } = await place.page();
  await openTrace(page, world.joined.traceId);
  await page.getByRole("button", { name: /R3b/ }).click();
  const panel = page.getByRole("tabpanel");
  const text = await panel.innerText();
  for (const part of [/R3b, confidence 0\.99/, /app connector's end/, /192\.0\.2\.\d+:\d+/, /198\.51\.100\.20:8080/, /no rival|best rival/, /inside the connection's life/, /came .* after the earlier/, /not corrected/]) {
    assert.match(text, part);
  }
  await page.getByRole("tab", { name: "Stamps" }).click();
  assert.match(await panel.innerText(), /the service edge got the connection/);
  await page.getByRole("tab", { name: "Raw record" }).click();
  assert.match(await panel.innerText(), /"Username":"ana@example.com"/);
  await page.reload();
  await page.getByRole("tab", { name: "Raw record", selected: true }).waitFor();
});

test("a late link is a synthetic span, said to be one", async () => {
  const { page } = await place.page();
  await openTrace(page, world.joined.traceId);
  await page.getByRole("row", { name: /synthetic/ }).click();
  await page.getByText("No application sent this").waitFor();
});

test("failures are found at once", async () => {
  const { page } = await place.page();
  await openTrace(page, world.failed.traceId);
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /2 spans failed$/);
  await page.getByRole("button", { name: "2 failed" }).click();
  assert.match(await cursor(page), /failed/);
});

test("a later request on a connection is not charged with the set-up, and says so", async () => {
  const { page } = await place.page();
  await openTrace(page, world.reused.traceId);
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /on a connection that already stood/);
  assert.match(await page.locator('[data-missing="edge_and_client"]').innerText(), /times the connection, not each request/);
  await page.getByText("the connection began earlier").waitFor();
});

test("a trace that nobody's access event explains says why", async () => {
  const { page } = await place.page();
  await openTrace(page, world.direct.traceId);
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /no access event is linked/);
  const text = await page.getByRole("main").innerText();
  assert.match(text, /1 request without an access event/);
  assert.match(text, /no connection of an app connector had this other side/);
  assert.match(text, /Not in this answer/);
});

test("the address is the state: span, search in the trace and zoom come back, and the way back works", async () => {
  const { page } = await place.page();
  await openTrace(page, world.joined.traceId);
  await page.getByRole("row", { name: /render/ }).click();
  await page.getByRole("heading", { name: "render" }).waitFor();
  await page.getByLabel("Find in the trace").fill("select");
  await page.getByText("3 matches").waitFor();
  await page.getByLabel("only matches").check();
  await page.getByRole("button", { name: "Zoom in" }).click();
  await until(page, () => /span=.*find=select.*only=1.*zoom=\d+-\d+/.test(location.search));
  const address = page.url();
  const { page: other } = await place.page();
  await other.goto(address);
  await other.getByRole("heading", { name: "render" }).waitFor();
  assert.equal(await other.getByLabel("Find in the trace").inputValue(), "select");
  assert.equal(await other.getByLabel("only matches").isChecked(), true);
  assert.equal(await other.getByRole("button", { name: "The whole trace" }).isEnabled(), true);
  await page.goBack();
  await until(page, () => !location.search.includes("span="));
  assert.equal(await page.getByRole("heading", { name: "render" }).count(), 0);
});

test("the keyboard alone reads a trace", async () => {
  const { page } = await place.page();
  await openTrace(page, world.joined.traceId);
  await page.keyboard.press("j");
  await page.keyboard.press("f");
  assert.match(await cursor(page), /GET/);
  await page.keyboard.press("g");
  await page.keyboard.press("g");
  assert.match(await cursor(page), /GET \/orders/);
  await page.keyboard.press("Shift+G");
  assert.match(await cursor(page), /render/);
  await page.keyboard.press("]");
  await until(page, () => document.querySelectorAll("[role=row]").length < 12);
  await page.keyboard.press("[");
  await until(page, () => document.querySelectorAll("[role=row]").length === 12);
  await page.keyboard.press("/");
  await page.keyboard.type("render");
  await page.keyboard.press("Enter");
  await page.getByText("1 match", { exact: true }).waitFor();
  await page.keyboard.press("Tab");
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowLeft");
  await until(page, () => document.querySelectorAll("[role=row]").length === 1);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await chosen(page, "GET /orders/{order}");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await until(page, () => !location.search.includes("span="));
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.getByLabel(/Single keys act/).uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+G");
  assert.match(await cursor(page), /GET \/orders/, "single keys are off");
});

test("copies are what they say", async () => {
  const { page, context } = await place.page();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openTrace(page, world.joined.traceId);
  const copied = async (name) => {
    await page.getByText("Copy as").click();
    await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
    await page.getByText(`${name} copied`).waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  assert.equal(await copied("Link"), traceAddress(world.joined.traceId));
  assert.match(await copied("Markdown"), /person: ana\\@example.com/);
  assert.equal(JSON.parse(await copied("JSON")).trace_id, world.joined.traceId);
  assert.equal(JSON.parse(await copied("OTLP")).resourceSpans[0].scopeSpans[0].spans[0].traceId, world.joined.traceId);
  assert.ok((await copied("curl")).includes(`'${target.base}/api/v1/traces/${world.joined.traceId}'`));
});

if (world.given) {
  test("the trace that was given on the command line says who and by which way", async () => {
    const { page, seen } = await place.page();
    await openTrace(page, world.given);
    await page.getByLabel("Who and by which way").waitFor();
    assert.deepEqual(seen, { dialogs: [], violations: [], errors: [] });
  });
}
