// Round numbers on an axis.

export interface Tick {
  at: number;
  label: string;
}

const UNITS: [number, string][] = [
  [3.6e12, "h"],
  [6e10, "min"],
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
];

/** At most `most` ticks between two offsets in nanoseconds, at multiples of 1, 2 or 5, all in one unit. */
export function ticksOf(from: number, to: number, most: number): Tick[] {
  const step = stepOf(to - from, most);
  const [size, unit] = UNITS.find(([size]) => Math.abs(to) >= size) ?? [1, "ns"];
  const decimals = Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9));
  const ticks: Tick[] = [];
  for (let count = Math.ceil(from / step - 1e-9); count * step <= to * (1 + 1e-12); count += 1) {
    const at = count * step;
    ticks.push({ at, label: at === 0 ? "0" : `${(at / size).toFixed(Math.min(decimals, 9))} ${unit}` });
  }
  return ticks;
}

function stepOf(length: number, most: number): number {
  const rough = Math.max(length / Math.max(1, most), 1);
  const base = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * base >= rough) ?? 10;
  return factor * base;
}
