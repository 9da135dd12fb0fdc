// F33: the payloads of lib/hostile.mjs stand in every text field that a sender can fill. They must be text everywhere.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, openTrace, target, world } from "../lib/place.mjs";

let place;
before(async () => (place = await browse()));
after(() => place.close());

async function inert(page, seen, where) {
  const found = await page.evaluate(() => ({
    injected: document.querySelectorAll(".f33, iframe, #app script, #app img, #app style, [onerror], [onload]").length,
    addresses: [...document.querySelectorAll("[href], [src]")].filter((one) => /^\s*(javascript|data|vbscript):/i.test(one.getAttribute("href") ?? one.getAttribute("src") ?? "")).length,
  }));
  assert.deepEqual({ where, ...found, ...seen }, { where, injected: 0, addresses: 0, dialogs: [], violations: [], errors: [] });
}

test("a hostile trace is text in every panel, tab, row and tooltip", async () => {
  const { page, seen, context } = await place.page();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openTrace(page, world.hostile.traceId);
  assert.match(await page.getByRole("treegrid").innerText(), /<img src=x onerror/);
  await inert(page, seen, "trace");
  const rows = await page.getByRole("row").count();
  assert.ok(rows >= world.hostile.count, `${rows} rows`);
  for (let index = 0; index < rows; index += 1) {
    await page.getByRole("row").nth(index).click();
    for (const tab of await page.getByRole("tab").all()) {
      await tab.click();
      await page.getByRole("tabpanel").hover();
    }
    await inert(page, seen, `span ${index}`);
  }
  await page.getByRole("button", { name: "device" }).first().click();
  for (const tab of await page.getByRole("tab").all()) {
    await tab.click();
    await inert(page, seen, await tab.innerText());
  }
  for (const title of await page.locator("[title]").all()) await title.hover({ force: true, timeout: 2_000 }).catch(() => undefined);
  await page.getByLabel("Find in the trace").fill('<img src=x onerror="alert(1)">');
  await inert(page, seen, "find");
  await page.getByText("Copy as").click();
  for (const name of ["Markdown", "JSON", "OTLP"]) {
    await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
    await page.getByText("Copy as").click();
  }
  await inert(page, seen, "copies");
});

test("a hostile trace is text in the list, in the builder's offers and among what has no trace", async () => {
  const { page, seen } = await place.page();
  await page.goto(`${target.base}/search`);
  await page.locator(`a[href^="/traces/${world.hostile.traceId}"]`).waitFor();
  await page.getByText(/without a trace/).waitFor();
  for (const name of ["Service", "Person", "Rule", "App"]) await page.getByLabel(name, { exact: true }).focus();
  // Each field asks for its own.
  for (const field of ["user", "rule", "app"]) await page.locator(`#values-${field} option`).first().waitFor({ state: "attached" });
  await inert(page, seen, "search");
  const offered = await page.locator("#values-rule option").evaluateAll((options) => options.map((one) => one.value));
  const hostile = offered.find((one) => one.includes("<img"));
  assert.ok(hostile, "the rule's hostile name is offered");
  await page.getByLabel("Rule", { exact: true }).fill(hostile);
  await page.keyboard.press("Tab");
  await page.locator(`a[href^="/traces/${world.hostile.traceId}"]`).waitFor();
  await inert(page, seen, "built query");
});

test("a hostile address is text", async () => {
  const { page, seen } = await place.page();
  const bad = encodeURIComponent(`"><img src=x onerror=alert('f33')>`);
  for (const path of [`/search?q=${bad}&last=${bad}&order=${bad}`, `/traces/${bad}`, `/traces/${world.joined.traceId}?span=${bad}&event=${bad}&tab=${bad}&find=${bad}&zoom=${bad}`, `/#code=${bad}`]) {
    await page.goto(target.base + path);
    await page.getByRole("heading").first().waitFor();
    await inert(page, seen, path);
  }
});
