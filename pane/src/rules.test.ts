/// <reference types="vite/client" />
// The rules of the pane that a machine can check.

import { expect, test } from "vitest";

const files: Record<string, string> = import.meta.glob("./**/*.{ts,svelte}", { query: "?raw", import: "default", eager: true });
/** Written by a program. */
const GENERATED = "./api/schema.d.ts";
const written = Object.entries(files).filter(([path]) => path !== GENERATED);

/** From left to right: a folder imports from those right of it, and from itself. */
const FOLDERS = ["views", "parts", "model", "api"];
const LONGEST = 250;

/** All that break a rule, so that one run names them all. */
function breaking(rule: (path: string, text: string) => boolean): string[] {
  return written.filter(([path, text]) => rule(path, text)).map(([path]) => path);
}

/** What is code of a file, without its comments and texts. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|<!--[\s\S]*?-->|"(?:[^"\\\n]|\\.)*"/g, "");
}

function folderOf(path: string): number {
  return FOLDERS.indexOf(path.split("/")[1] ?? "");
}

test("there is something to check", () => {
  expect(written.length).toBeGreaterThan(50);
});

test("folders import to the right only", () => {
  const wrong = written.flatMap(([path, text]) => {
    const imports = [...text.matchAll(/(?:from|import)\s+"(\.[^"]+)"/g)].map((found) => found[1] ?? "");
    const targets = imports.map((target) => new URL(target, `https://pane.example.com/${path.slice(2)}`).pathname);
    return targets.filter((target) => folderOf(target) >= 0 && folderOf(target) < folderOf(path)).map((target) => `${path} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

test(`no file is longer than ${LONGEST} lines`, () => {
  expect(breaking((_, text) => text.split("\n").length - 1 > LONGEST)).toEqual([]);
});

test("no markup is made from text, nothing is of any type, no warning is silenced without a reason", () => {
  const isThis = (path: string): boolean => path === "./rules.test.ts";
  expect(breaking((path, text) => !isThis(path) && /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write/.test(text))).toEqual([]);
  expect(breaking((path, text) => /\.(ts|svelte)$/.test(path) && /(?::|\bas|<|,)\s*any\b(?=\s*[;,)\]>=|[])/.test(code(text)))).toEqual([]);
  expect(breaking((path, text) => !isThis(path) && /@ts-(ignore|nocheck)|eslint-disable/.test(text))).toEqual([]);
  expect(breaking((_, text) => /svelte-ignore [a-z_, ]+-->|svelte-ignore [a-z_]+$/m.test(text))).toEqual([]);
});

test("colours stand in one file", () => {
  expect(breaking((path, text) => path.endsWith(".svelte") && /#[0-9a-f]{3,8}\b(?=[;\s)])|\b(?:rgba?|hsla?|oklch)\(/i.test(text.split("<style>")[1] ?? ""))).toEqual([]);
});
