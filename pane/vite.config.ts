import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { budget } from "./vite/budget.ts";

// In development the page comes from Vite and the answers from a server of one's own: `npm run dev` with
// FANLIGHT_API (its address) and FANLIGHT_DATA (its data folder, for the bearer token that the proxy adds).
const target = process.env["FANLIGHT_API"] ?? "http://127.0.0.1:8080";

function authorization(): Record<string, string> {
  const folder = process.env["FANLIGHT_DATA"];
  return folder === undefined ? {} : { authorization: `Bearer ${readFileSync(`${folder}/admin.token`, "utf8").trim()}` };
}

export default defineConfig({
  plugins: [svelte(), budget()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: {
    proxy: { "/api": { target, changeOrigin: true, headers: { origin: target, ...authorization() } } },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});
