// Where the tests run: a server with a pane, its doors for spans and records, and one session that is already signed in.

import { readFileSync } from "node:fs";
import { launch, watch } from "./browser.mjs";
import { record, sendLines, withoutTimers } from "./lss.mjs";

function told(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start these tests with run.mjs`);
  return value;
}

export const target = {
  /** Without a path and without a code. */
  base: told("PANE_BASE"),
  code: process.env["PANE_USED_CODE"] ?? "",
  otlp: told("PANE_OTLP"),
  lss: told("PANE_LSS"),
  shots: process.env["PANE_SHOTS"] ?? "",
};

/** What run.mjs sent, by name: trace ids and the like. */
export const world = JSON.parse(readFileSync(told("PANE_WORLD"), "utf8"));

/** Makes the newest template of User Activity one that lacks fields, whatever came before, and waits until the server knows. */
export async function feedThatLacks(page) {
  const start = BigInt(Date.now()) * 1_000_000n;
  const line = record({ user: "ana@example.com", rule: "Order desk", start, peer: ["192.0.2.7", 41_999], edge: 3, lasts: 4 });
  await sendLines(target.lss, [withoutTimers(line)]);
  for (let tries = 0; tries < 300; tries += 1) {
    const { feeds } = await (await page.request.get(`${target.base}/api/v1/feeds`)).json();
    if (feeds.some((one) => one.feed === "zpa_user_activity" && one.missing.includes("ConnectionSetupTime"))) return;
    await page.waitForTimeout(100);
  }
  throw new Error("the server does not say that User Activity lacks ConnectionSetupTime");
}

/** A browser for one file of tests. */
export async function browse() {
  const browser = await launch();
  return {
    browser,
    /** A signed-in page, and what was seen on it that must not be. */
    async page(options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        storageState: process.env["PANE_STATE"] || undefined,
        ...options,
      });
      const seen = await watch(context);
      const page = await context.newPage();
      page.setDefaultTimeout(WAIT_MS);
      return { page, seen, context };
    },
    close: () => browser.close(),
  };
}

/** A busy machine draws late, but it draws. */
export const WAIT_MS = 30_000;

export const traceAddress = (id, query = "") => `${target.base}/traces/${id}${query}`;

/** Opens a trace and waits until its rows are there. */
export async function openTrace(page, id, query = "") {
  await page.goto(traceAddress(id, query));
  await page.getByRole("treegrid").waitFor();
  await page.getByRole("row").first().waitFor();
}

/** Waits for a condition in the page to hold. */
export function until(page, condition, argument) {
  return page.waitForFunction(condition, argument, { timeout: WAIT_MS });
}
