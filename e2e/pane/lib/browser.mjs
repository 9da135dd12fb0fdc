// Debian's Chromium by playwright-core, and what a page did that it must not do.

import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

export function launch() {
  const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** Counts what must never happen: dialogs, violations of the page's policy, errors of the page's own code. */
export async function watch(context) {
  const seen = { dialogs: [], violations: [], errors: [] };
  await context.exposeBinding("fanlightViolation", (_, said) => void seen.violations.push(said));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      globalThis.fanlightViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  context.on("page", (page) => {
    page.on("dialog", (dialog) => {
      seen.dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    page.on("pageerror", (error) => seen.errors.push(String(error)));
    page.on("console", (message) => {
      if (/content security policy|trusted type/i.test(message.text())) seen.violations.push(message.text());
    });
  });
  return seen;
}
