import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** What a browser must have read before it shows anything, gzipped. */
const INITIAL_SCRIPT_BYTES = 120_000;

/** Prints the sizes after a build, and fails one that is over the budget. */
export function budget(): Plugin {
  return {
    name: "fanlight-budget",
    apply: "build",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((one) => one.type === "chunk");
      const loaded = new Set<string>();
      const load = (name: string): void => {
        const chunk = chunks.find((one) => one.fileName === name);
        if (!chunk || loaded.has(name)) return;
        loaded.add(name);
        chunk.imports.forEach(load);
      };
      chunks.filter((chunk) => chunk.isEntry).forEach((chunk) => load(chunk.fileName));
      const sizes = chunks.filter((chunk) => loaded.has(chunk.fileName)).map((chunk) => gzipSync(chunk.code).length);
      const sum = sizes.reduce((all, size) => all + size, 0);
      const said = `initial script ${(sum / 1000).toFixed(1)} kB gzip of ${INITIAL_SCRIPT_BYTES / 1000} kB allowed`;
      if (sum > INITIAL_SCRIPT_BYTES) this.error(said);
      this.info(said);
    },
  };
}
