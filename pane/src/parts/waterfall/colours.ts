// The tokens as a canvas needs them: resolved for the theme in force.

import { TINTS } from "../../model/services";

export interface Colours {
  tints: string[];
  line: string;
  ink: string;
  faint: string;
  surface: string;
  denied: string;
  shade: string;
}

/** Asks the browser what each token means here and now. */
export function coloursAt(element: HTMLElement): Colours {
  const probe = document.createElement("span");
  element.append(probe);
  const token = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    tints: Array.from({ length: TINTS }, (_, index) => token(`tint-${index}`)),
    line: token("line"),
    ink: token("ink-soft"),
    faint: token("ink-faint"),
    surface: token("surface"),
    denied: token("denied-fill"),
    shade: token("shade"),
  };
  probe.remove();
  return colours;
}
