// The one-time code: in the address once, then gone; a cookie that no script sees.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, target } from "../lib/place.mjs";

let place;
before(async () => (place = await browse()));
after(() => place.close());

const signedOut = { storageState: { cookies: [], origins: [] } };

test("a code that was used signs nobody in a second time, and leaves the address", async () => {
  const { page, seen } = await place.page(signedOut);
  await page.goto(`${target.base}/#code=${target.code}`);
  await page.getByRole("heading", { name: "A link signs you in" }).waitFor();
  assert.ok(!page.url().includes(target.code), page.url());
  assert.match(await page.getByRole("alert").innerText(), /\S/);
  assert.deepEqual(seen.violations, []);
});

test("without a session every view says how to get one, and shows nothing else", async () => {
  const { page } = await place.page(signedOut);
  for (const path of ["/", "/search?q=%7B%7D", `/traces/${"ab".repeat(16)}`]) {
    await page.goto(target.base + path);
    await page.getByRole("heading", { name: "A link signs you in" }).waitFor();
    assert.match(await page.getByRole("main").innerText(), /fanlight url/);
    assert.equal(await page.getByRole("search").count(), 0);
  }
});

test("a wrong code typed by hand is refused with a way out", async () => {
  const { page } = await place.page(signedOut);
  await page.goto(target.base);
  await page.getByLabel("Or only the code behind #code=").fill("0".repeat(32));
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.match(await page.getByRole("alert").innerText(), /\S/);
});

test("no script can read the session, and it outlives a reload", async () => {
  const { page, context } = await place.page();
  await page.goto(target.base);
  await page.getByRole("search").waitFor();
  assert.equal(await page.evaluate(() => document.cookie), "");
  const [cookie] = (await context.cookies()).filter((one) => target.base.includes(one.domain));
  assert.equal(cookie?.httpOnly, true);
  assert.equal(cookie?.sameSite, "Strict");
  await page.reload();
  await page.getByRole("search").waitFor();
});
