// A person at the pane, in a real browser, against a running server.
//
//   node e2e/pane/run.mjs --url 'http://127.0.0.1:8080/#code=…' --otlp http://127.0.0.1:4318 --lss 127.0.0.1:9015 [--shots DIR]
//                         [--trace ID]      a joined trace that the server already has: it is opened too
//                         [--only NAME]     one file of tests/

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch, watch } from "./lib/browser.mjs";
import { hostile } from "./lib/hostile.mjs";
import { populate, sendLarge } from "./lib/world.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const WAIT_MS = 60_000;
const LARGE = 20_000;

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    otlp: { type: "string" },
    lss: { type: "string" },
    shots: { type: "string" },
    trace: { type: "string" },
    only: { type: "string" },
  },
});
for (const name of ["url", "otlp", "lss"]) {
  if (!options[name]) {
    console.error(`--${name} is missing: node run.mjs --url 'http://127.0.0.1:8080/#code=…' --otlp http://127.0.0.1:4318 --lss 127.0.0.1:9015`);
    process.exit(2);
  }
}

const url = new URL(options.url);
const code = new URLSearchParams(url.hash.slice(1)).get("code");
if (!code) {
  console.error("the address has no #code=: take the one that the server printed, or a new one by `fanlight url`");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "fanlight-pane-"));
const state = join(folder, "state.json");

/** Uses the code, as a person does who opens the printed address. Everything else runs in this session. */
async function signIn(browser) {
  const context = await browser.newContext();
  const seen = await watch(context);
  const page = await context.newPage();
  await page.goto(url.href);
  await page.getByRole("search").or(page.getByRole("treegrid")).first().waitFor({ timeout: WAIT_MS });
  if (page.url().includes(code)) throw new Error(`the code still stands in the address: ${page.url()}`);
  if (seen.violations.length > 0) throw new Error(`the page broke its own policy: ${seen.violations.join("; ")}`);
  await context.storageState({ path: state });
  return context;
}

/** A link is there a moment after the later of its two partners has come. */
async function waitForLinks(context, ids) {
  const deadline = Date.now() + WAIT_MS;
  for (const id of ids) {
    for (;;) {
      const answer = await context.request.get(`${url.origin}/api/v1/traces/${id}`);
      if (answer.ok() && (await answer.json()).links.some((link) => link.state === "asserted")) break;
      if (Date.now() > deadline) throw new Error(`trace ${id} has no link after ${WAIT_MS / 1000} s: ${answer.status()}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

async function prepare() {
  const browser = await launch();
  try {
    const context = await signIn(browser);
    const doors = { otlp: options.otlp.replace(/\/$/, ""), lss: options.lss };
    const sent = await populate(doors);
    const bad = await hostile(doors);
    const large = await sendLarge(doors, LARGE);
    await waitForLinks(context, [sent.joined.traceId, sent.failed.traceId, sent.reused.traceId, bad.traceId]);
    const world = { ...sent, hostile: bad, large: { ...large, count: LARGE }, given: options.trace ?? null };
    writeFileSync(join(folder, "world.json"), JSON.stringify(world, (name, value) => (name === "parts" ? undefined : value)));
  } finally {
    await browser.close();
  }
}

await prepare();
if (options.shots) mkdirSync(options.shots, { recursive: true });
const files = readdirSync(join(HERE, "tests"))
  .filter((name) => name.endsWith(".test.mjs") && (!options.only || name.startsWith(options.only)))
  .map((name) => join(HERE, "tests", name));
const run = spawnSync(process.execPath, ["--test", "--test-concurrency=1", "--test-reporter=spec", ...files], {
  stdio: "inherit",
  env: {
    ...process.env,
    PANE_BASE: url.origin,
    PANE_USED_CODE: code,
    PANE_STATE: state,
    PANE_WORLD: join(folder, "world.json"),
    PANE_OTLP: options.otlp.replace(/\/$/, ""),
    PANE_LSS: options.lss,
    PANE_SHOTS: options.shots ? resolve(options.shots) : "",
  },
});
rmSync(folder, { recursive: true, force: true });
process.exit(run.status ?? 1);
