// Where the tests run: a server with a pane, its doors for spans and records, and one session that is already signed in.

import { readFileSync } from "node:fs";
import { launch, watch } from "./browser.mjs";

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
