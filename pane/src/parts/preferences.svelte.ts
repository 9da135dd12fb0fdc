// What a person likes, kept in this browser: it is no state of a view and never part of an address.

import type { Zone } from "../model/format";

export type Theme = "system" | "light" | "dark";

const THEMES: Theme[] = ["system", "light", "dark"];
const ZONES: Zone[] = ["utc", "local"];

class Preferences {
  theme = $state<Theme>(kept("theme", THEMES));
  zone = $state<Zone>(kept("zone", ZONES));
  /** Whether single keys act (WCAG 2.1.4). */
  singles = $state<boolean>(kept("keys", ["on", "off"]) === "on");
  /** Rises when what is on a canvas must be drawn in other colours. */
  colours = $state(0);

  setTheme(theme: Theme): void {
    this.theme = theme;
    keep("theme", theme);
    this.show();
  }

  nextTheme(): void {
    this.setTheme(THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length] ?? "system");
  }

  setZone(zone: Zone): void {
    this.zone = zone;
    keep("zone", zone);
  }

  setSingles(on: boolean): void {
    this.singles = on;
    keep("keys", on ? "on" : "off");
  }

  /** Puts the theme on the page. */
  show(): void {
    if (this.theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.theme;
    this.colours += 1;
  }

  /** From here on the page follows the system's theme too. */
  follow(): void {
    this.show();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (this.colours += 1));
  }
}

export const preferences = new Preferences();

/** Storage can be forbidden; then nothing is kept, and the first of the choices holds. */
function kept<T extends string>(name: string, choices: readonly [T, ...T[]] | T[]): T {
  const first = choices[0] as T;
  try {
    const found = localStorage.getItem(`fanlight.${name}`);
    return choices.find((choice) => choice === found) ?? first;
  } catch {
    return first;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`fanlight.${name}`, value);
  } catch {
    // Not kept, as above.
  }
}
