// Every view in its four states, light and dark: axe finds nothing, and a screenshot of each is there to be looked at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { browse, feedThatLacks, openTrace, target, traceAddress, world } from "../lib/place.mjs";

let place;
before(async () => (place = await browse()));
after(() => place.close());

const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
const UNKNOWN = "f".repeat(32);
const NOTHING = "?start=2001-01-01T00%3A00%3A00Z&end=2001-01-02T00%3A00%3A00Z";
const problem = { type: "about:blank", title: "the server failed", status: 500, detail: "the trace cannot be read", code: "store_read_failed", hint: "this is not the request's fault: the server's log says more", trace_id: "0af7651916cd43dd8448eb211c80319c" };

const fail = (page, path) => page.route(path, (route) => route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify(problem) }));
/** An answer that never comes. */
const hang = (page, path) => page.route(path, () => undefined);

/** Each state: how to get there, and what says that one is there. */
const STATES = {
  "search full": async (page) => {
    await page.goto(`${target.base}/search`);
    await page.locator("tbody tr").first().waitFor();
    await page.getByText(/without a trace/).waitFor();
  },
  "search partial": async (page) => {
    await page.route("**/api/v1/search?*", async (route) => {
      const answer = await (await route.fetch()).json();
      await route.fulfill({ json: { ...answer, partial: true, notes: ["2 of 5 parts were not looked at: the budget of rows was reached"] } });
    });
    await page.goto(`${target.base}/search`);
    await page.getByText("Not everything was looked at").waitFor();
  },
  "search empty": async (page) => {
    await page.goto(`${target.base}/search${NOTHING}`);
    await page.getByText("begin like this").waitFor();
    await page.getByText(/^got \d/).first().waitFor();
  },
  "search empty by its query": async (page) => {
    await page.goto(`${target.base}/search?q=${encodeURIComponent('{ name = "there is none" }')}`);
    await page.getByRole("button", { name: "Drop the query" }).waitFor();
  },
  "search loading": async (page) => {
    await hang(page, "**/api/v1/search?*");
    await page.goto(`${target.base}/search`);
    await page.getByText("The list of traces is on its way").waitFor({ state: "attached" });
  },
  "search failed": async (page) => {
    await fail(page, "**/api/v1/search?*");
    await page.goto(`${target.base}/search`);
    await page.getByText(problem.trace_id).waitFor();
  },
  "search query at fault": async (page) => {
    await page.goto(`${target.base}/search?q=${encodeURIComponent("{ duration > }")}`);
    await page.getByRole("alert").waitFor();
  },
  "trace full": async (page) => {
    await openTrace(page, world.joined.traceId);
  },
  "trace full with a span open": async (page) => {
    await openTrace(page, world.failed.traceId, `?span=${world.failed.rootId}`);
    await page.getByRole("tabpanel").waitFor();
  },
  "trace full with the evidence open": async (page) => {
    await openTrace(page, world.joined.traceId);
    await page.getByRole("button", { name: /R3b/ }).click();
    await page.getByRole("tabpanel").waitFor();
  },
  "trace full of a later request": (page) => openTrace(page, world.reused.traceId),
  "trace partial without access": (page) => openTrace(page, world.direct.traceId),
  "trace full and large": (page) => openTrace(page, world.large.traceId),
  "trace empty": async (page) => {
    await page.goto(traceAddress(UNKNOWN));
    await page.getByRole("heading", { name: "No span of this trace has arrived" }).waitFor();
    await page.getByText(/^got \d/).first().waitFor();
  },
  "trace loading": async (page) => {
    await hang(page, "**/api/v1/traces/*");
    await page.goto(traceAddress(world.joined.traceId));
    await page.getByText("The trace is on its way").waitFor({ state: "attached" });
  },
  "trace failed": async (page) => {
    await fail(page, "**/api/v1/traces/*");
    await page.goto(traceAddress(world.joined.traceId));
    await page.getByText(problem.trace_id).waitFor();
  },
  "feeds full": async (page) => {
    await feedThatLacks(page);
    await page.goto(`${target.base}/feeds?feed=zpa_user_activity`);
    await page.getByRole("heading", { name: "What would be gained with more fields" }).waitFor();
  },
  "feeds empty": async (page) => {
    await page.route("**/api/v1/feeds", (route) => route.fulfill({ json: { time: "2026-11-22T07:00:00Z", feeds: [], rungs: [], alarms: [] } }));
    await page.goto(`${target.base}/feeds`);
    await page.getByRole("heading", { name: "No feed has come yet" }).waitFor();
  },
  "feeds empty by what was asked for": async (page) => {
    await page.goto(`${target.base}/feeds?find=no-such-feed`);
    await page.getByRole("button", { name: "Show all feeds" }).waitFor();
  },
  "feeds loading": async (page) => {
    await hang(page, "**/api/v1/feeds");
    await page.goto(`${target.base}/feeds`);
    await page.getByText("The list of feeds is on its way").waitFor({ state: "attached" });
  },
  "feeds failed": async (page) => {
    await fail(page, "**/api/v1/feeds");
    await page.goto(`${target.base}/feeds`);
    await page.getByText(problem.trace_id).waitFor();
  },
  help: async (page) => {
    await openTrace(page, world.joined.traceId);
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
  },
  "sign in": async (page) => {
    await page.route("**/api/v1/**", (route) => route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify({ ...problem, status: 401, code: "not_signed_in", title: "not signed in" }) }));
    await page.goto(target.base);
    await page.getByRole("heading", { name: "A link signs you in" }).waitFor();
  },
  "no such page": async (page) => {
    // The server knows no such page; a link within the pane could still lead there.
    await page.goto(`${target.base}/search`);
    await page.evaluate(() => {
      history.pushState(null, "", "/nowhere");
      dispatchEvent(new PopStateEvent("popstate"));
    });
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  },
};

/** What axe finds, said shortly. */
async function obstacles(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
}

async function shoot(page, name, fullPage = false) {
  if (target.shots) await page.screenshot({ path: join(target.shots, `${name.replaceAll(" ", "-")}.png`), fullPage });
}

for (const [name, reach] of Object.entries(STATES)) {
  test(`${name}: nothing stands in anybody's way, light or dark`, async () => {
    // axe injects its own script: this one context does without the page's policy.
    const { page, context } = await place.page({ colorScheme: "light", bypassCSP: true, reducedMotion: "reduce" });
    await reach(page);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await shoot(page, `${name} ${colorScheme}`);
      assert.deepEqual({ colorScheme, found: await obstacles(page) }, { colorScheme, found: [] });
    }
    await context.close();
  });
}

const NARROW = ["search full", "feeds full", "trace full", "trace full with a span open", "sign in"];

for (const name of NARROW) {
  test(`${name} fits a telephone: nothing is wider than the screen`, async () => {
    const { page, context } = await place.page({ viewport: { width: 390, height: 844 }, bypassCSP: true });
    await STATES[name](page);
    await shoot(page, `${name} 390`, true);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    assert.deepEqual(await obstacles(page), []);
    await context.close();
  });
}
