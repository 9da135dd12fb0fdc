// To the clipboard, with a word that it happened.

class Copying {
  /** What was copied last, for the live region. */
  said = $state("");

  async copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.said = `${what} copied`;
    } catch {
      this.said = `${what} could not be copied: the browser did not allow it`;
    }
    setTimeout(() => (this.said = ""), SAID_MS);
  }
}

const SAID_MS = 2500;

export const copying = new Copying();
