// Signed in or not: known by what the server answers, never by anything kept here.

import { signIn, signOut } from "../api/client";
import { Problem } from "../api/problem";

class Session {
  state = $state<"starting" | "in" | "out">("starting");
  /** Why the code of the address did not sign in, where one was tried. */
  refused = $state.raw<Problem | null>(null);

  /** Takes a one-time code out of the address, used or not, and trades it for a cookie. */
  async start(): Promise<void> {
    const code = new URLSearchParams(location.hash.slice(1)).get("code");
    if (code === null) {
      this.state = "in";
      return;
    }
    history.replaceState(null, "", location.pathname + location.search);
    await this.enter(code);
  }

  async enter(code: string): Promise<void> {
    try {
      await signIn(code.trim());
      this.refused = null;
      this.state = "in";
    } catch (error) {
      this.refused = error instanceof Problem ? error : null;
      // A code used before may stand in an address that was opened again by somebody who is signed in.
      this.state = this.state === "starting" ? "in" : "out";
    }
  }

  async leave(): Promise<void> {
    await signOut().catch(() => undefined);
    this.refused = null;
    this.state = "out";
  }

  expired(): void {
    this.state = "out";
  }
}

export const session = new Session();
