// Time without a loss: nanoseconds as a bigint that only this file makes.

/** Nanoseconds: since the epoch for a moment, or between two of them. */
export type Nanos = bigint & { readonly unit: "ns" };

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:([Zz])|([+-])(\d\d):(\d\d))$/;
const NANOS_PER_MILLI = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;

export const ZERO = 0n as Nanos;

export function nanos(value: bigint): Nanos {
  return value as Nanos;
}

export function fromMillis(millis: number): Nanos {
  return (BigInt(Math.round(millis)) * NANOS_PER_MILLI) as Nanos;
}

/** From a number of nanoseconds as the canvas has it; the fraction is lost. */
export function fromNumber(value: number): Nanos {
  return BigInt(Math.round(value)) as Nanos;
}

/** RFC 3339 with up to nine digits of a second; null for anything else. */
export function parseTime(text: string | null | undefined): Nanos | null {
  const found = TIME.exec(text ?? "");
  if (!found) return null;
  const part = (index: number): number => Number(found[index] ?? 0);
  const millis = Date.UTC(part(1), part(2) - 1, part(3), part(4), part(5), part(6));
  if (Number.isNaN(millis) || part(2) > 12 || part(3) > 31 || part(4) > 24) return null;
  const sign = found[9] === "-" ? -1 : 1;
  const offset = sign * (part(10) * 60 + part(11)) * 60_000;
  const fraction = BigInt((found[7] ?? "").padEnd(9, "0"));
  return (BigInt(millis - offset) * NANOS_PER_MILLI + fraction) as Nanos;
}

/** A count of nanoseconds as the API writes 64-bit numbers: text. */
export function parseNanos(text: string | null | undefined): Nanos | null {
  return /^-?\d{1,19}$/.test(text ?? "") ? (BigInt(text ?? "0") as Nanos) : null;
}

/** Microseconds as text, in nanoseconds. */
export function parseMicros(text: string | null | undefined): Nanos | null {
  const micros = parseNanos(text);
  return micros === null ? null : ((micros * 1000n) as Nanos);
}

/** RFC 3339 in UTC, nine digits. */
export function toRfc3339(time: Nanos): string {
  const seconds = floorDivide(time, NANOS_PER_SECOND);
  const fraction = time - seconds * NANOS_PER_SECOND;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}.${fraction.toString().padStart(9, "0")}Z`;
}

/** The moment as a `Date`, for the browser's own formats. Finer than a millisecond is lost. */
export function toDate(time: Nanos): Date {
  return new Date(Number(floorDivide(time, NANOS_PER_MILLI)));
}

export function plus(left: Nanos, right: Nanos): Nanos {
  return (left + right) as Nanos;
}

export function minus(left: Nanos, right: Nanos): Nanos {
  return (left - right) as Nanos;
}

export function smaller(left: Nanos, right: Nanos): Nanos {
  return left < right ? left : right;
}

export function larger(left: Nanos, right: Nanos): Nanos {
  return left > right ? left : right;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
