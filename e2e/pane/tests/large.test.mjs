// A trace of 20 000 spans opens, scrolls, folds and is searched; only what is seen stands in the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, openTrace, traceAddress, until, world } from "../lib/place.mjs";

let place;
before(async () => (place = await browse()));
after(() => place.close());

/** DOM rows at most, whatever the trace's size. */
const MOST_ROWS = 120;

test("20 000 spans open, and the first rows do not wait for the rest", async () => {
  const { page, seen } = await place.page();
  const answers = [];
  page.on("requestfinished", (request) => request.url().includes("/api/v1/traces/") && answers.push(Date.now()));
  await page.goto(traceAddress(world.large.traceId));
  await page.getByRole("row").first().waitFor();
  const drawn = Date.now() - (answers[0] ?? Date.now());
  console.log(`first rows ${drawn} ms after the last byte of the answer`);
  assert.equal(await page.getByRole("treegrid").getAttribute("aria-rowcount"), String(world.large.count));
  assert.ok((await page.getByRole("row").count()) < MOST_ROWS);
  assert.deepEqual(seen.errors, []);
});

test("it scrolls through: rows change, their number does not", async () => {
  const { page } = await place.page();
  await openTrace(page, world.large.traceId);
  const frames = await page.evaluate(async () => {
    const scroller = document.querySelector(".scroller");
    const lengths = [];
    let last = performance.now();
    for (let step = 0; step < 90; step += 1) {
      scroller.scrollTop += 900;
      await new Promise((done) => requestAnimationFrame(done));
      lengths.push(performance.now() - last);
      last = performance.now();
    }
    return lengths.sort((a, b) => a - b);
  });
  const at = (part) => frames[Math.floor(frames.length * part)].toFixed(1);
  console.log(`frames while scrolling: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`);
  await until(page, () => Number(document.querySelector("[role=row]:nth-of-type(40)")?.getAttribute("aria-rowindex")) > 1_000);
  assert.ok((await page.getByRole("row").count()) < MOST_ROWS);
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("End");
  await until(page, (count) => document.querySelector(`[role=row][aria-rowindex="${count}"]`) !== null, world.large.count);
});

test("it folds, is searched and zoomed", async () => {
  const { page } = await place.page();
  await openTrace(page, world.large.traceId);
  await page.getByRole("button", { name: "Fold", exact: true }).click();
  await page.locator(`[role=treegrid][aria-rowcount="${1 + Math.ceil((world.large.count - 1) / 20)}"]`).waitFor();
  await page.getByLabel("Find in the trace").fill("line.number=19997");
  await page.getByText("1 match", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Next match" }).click();
  await page.getByRole("row", { name: /INSERT line 19997/ }).waitFor();
  await page.getByRole("row", { name: /INSERT line 19997/ }).dblclick();
  await until(page, () => location.search.includes("zoom="));
});
