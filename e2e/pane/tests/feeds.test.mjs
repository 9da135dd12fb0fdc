// Feeds: what a person who keeps the feeds looks for, by mouse and by keys.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, feedThatLacks, target } from "../lib/place.mjs";

let place;
before(async () => (place = await browse()));
after(() => place.close());

const row = (page) => page.getByRole("button", { name: /zpa user activity/ });

async function feeds(page, query = "") {
  await feedThatLacks(page);
  await page.goto(`${target.base}/feeds${query}`);
  await row(page).waitFor();
}

test("a feed that comes is shown with its state, and opens to what would be gained", async () => {
  const { page, seen } = await place.page();
  await feeds(page);
  await row(page).click();
  await page.getByRole("heading", { name: "What would be gained with more fields" }).waitFor();
  assert.equal(new URL(page.url()).search, "?feed=zpa_user_activity");
  assert.equal(await row(page).getAttribute("aria-expanded"), "true");
  await page.getByText("ConnectionSetupTime").first().waitFor();
  await page.getByText("fanlight config template zpa_user_activity").first().waitFor();
  await page.goBack();
  assert.equal(await row(page).getAttribute("aria-expanded"), "false");
  assert.deepEqual(seen, { dialogs: [], violations: [], errors: [] });
  await page.close();
});

test("the address brings back the open feed and what was asked for", async () => {
  const { page } = await place.page();
  await feeds(page, "?feed=zpa_user_activity&find=ConnectionSetupTime");
  await page.getByRole("heading", { name: "What would be gained with more fields" }).waitFor();
  assert.equal(await page.getByLabel("Find a feed, or a field that one lacks").inputValue(), "ConnectionSetupTime");
  await page.close();
});

test("all of it is reached by keys", async () => {
  const { page } = await place.page();
  await feedThatLacks(page);
  await page.goto(`${target.base}/search`);
  await page.getByRole("search").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await row(page).waitFor();
  await row(page).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "What would be gained with more fields" }).waitFor();
  await page.close();
});

test("a feed that stopped is the first row, with the reason and the words of the server as text", async () => {
  const { page, seen } = await place.page();
  await page.route("**/api/v1/feeds", async (route) => {
    const answer = await (await route.fetch()).json();
    const [one] = answer.feeds;
    const silent = { ...one, feed: "zia_web", source: "pushed", state: "silent", problems: ["nothing has come for 900 s <img src=x onerror=alert(1)>"] };
    await route.fulfill({ json: { ...answer, feeds: [...answer.feeds, silent] } });
  });
  await feeds(page);
  const first = page.locator("main ul li").first();
  assert.match(await first.innerText(), /zia web[\s\S]*silent[\s\S]*<img src=x/);
  assert.deepEqual(seen, { dialogs: [], violations: [], errors: [] });
  await page.close();
});
