// One answer being waited for: its four states, and the one before it given up when it is asked anew.

import { Problem, isAbort, unreadable } from "../api/problem";
import { session } from "./session.svelte";

/** A skeleton that flashes is worse than a short wait. */
const SKELETON_DELAY_MS = 150;

export class Load<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  /** Busy for long enough to show that. */
  slow = $state(false);
  private given: AbortController | null = null;

  /** Asks; what is still on its way is cancelled. The old value stays until there is another. */
  async ask(fetcher: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.cancel();
    const mine = new AbortController();
    this.given = mine;
    this.busy = true;
    const timer = setTimeout(() => (this.slow = this.busy), SKELETON_DELAY_MS);
    try {
      const value = await fetcher(mine.signal);
      if (this.given !== mine) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (this.given !== mine || isAbort(error)) return;
      this.problem = error instanceof Problem ? error : unreadable("the answer");
      if (this.problem.status === 401) session.expired();
    } finally {
      clearTimeout(timer);
      if (this.given === mine) this.settle();
    }
  }

  cancel(): void {
    this.given?.abort();
    this.settle();
  }

  private settle(): void {
    this.given = null;
    this.busy = false;
    this.slow = false;
  }
}
