// Keys struck anywhere on the page, turned into actions by the map and given to whoever is there for them.

import { type Action, strike } from "../model/keyboard";
import { navigation } from "./navigation.svelte";
import { preferences } from "./preferences.svelte";

/** Says whether it took the action. */
export type Taker = (action: Action) => boolean;

/** The second key of a sequence must follow within this time. */
const SEQUENCE_MS = 1200;

class Keys {
  private takers: Taker[] = [];
  private pending: string | null = null;
  private struckAt = 0;

  /** The newest taker is asked first. The answer ends it. */
  take(taker: Taker): () => void {
    this.takers = [taker, ...this.takers];
    return () => (this.takers = this.takers.filter((one) => one !== taker));
  }

  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const pending = event.timeStamp - this.struckAt < SEQUENCE_MS ? this.pending : null;
    const view = navigation.place.view === "trace" ? "trace" : "search";
    const { key, ctrlKey: ctrl, altKey: alt, metaKey: meta } = event;
    const inText = isText(event.target);
    if (key === "Enter" && !inText && isControl(event.target)) return;
    const struck = strike({ key, ctrl, alt, meta, inText }, pending, view, preferences.singles);
    this.pending = struck.pending;
    this.struckAt = event.timeStamp;
    const { action } = struck;
    if (action !== null && this.takers.some((taker) => taker(action))) event.preventDefault();
  }
}

function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("a, button, summary, input") !== null;
}

export const keys = new Keys();
