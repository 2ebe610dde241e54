// Numbers, times and days as people of the language that is shown write them. Every function says "–" for what is unknown.

import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { language } from "./language.ts";

export const UNKNOWN = "–";

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept(`n${JSON.stringify(options)}`, () => new Intl.NumberFormat(language.value, options));
}

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return kept(`d${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(language.value, options));
}

function kept<Format extends Intl.NumberFormat | Intl.DateTimeFormat>(name: string, make: () => Format): Format {
  const key = language.value + name;
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known as Format;
}

/** 1234.5 as `1 234,5`. */
export function number(value: number | undefined, digits = 0): string {
  return value === undefined ? UNKNOWN : numbers({ maximumFractionDigits: digits }).format(value);
}

/** A share of 0 to 1 as `56 %`. */
export function share(value: number | undefined, digits = 0): string {
  return value === undefined ? UNKNOWN : numbers({ style: "percent", maximumFractionDigits: digits }).format(value);
}

/** Seconds as a clock shows them: `4:07`, `1:04:07`. */
export function clock(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** The time of day, with seconds. */
export function timeOfDay(time: Timestamp | Date | undefined): string {
  const date = asDate(time);
  return date ? dates({ timeStyle: "medium" }).format(date) : UNKNOWN;
}

/** Day and time of day. */
export function moment(time: Timestamp | Date | undefined): string {
  const date = asDate(time);
  return date ? dates({ dateStyle: "medium", timeStyle: "short" }).format(date) : UNKNOWN;
}

/** A day, `YYYY-MM-DD`, as people write it. */
export function day(value: string, style: "short" | "long" = "short"): string {
  const date = new Date(`${value}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const short = { day: "numeric", month: "short", timeZone: "UTC" } as const;
  return dates(style === "short" ? short : { ...short, month: "long", year: "numeric" }).format(date);
}

/** A range of days as people write it; one day as itself. */
export function days(start: string, end: string): string {
  if (start === end) return day(start, "long");
  const options = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" } as const;
  return dates(options).formatRange(new Date(`${start}T00:00:00Z`), new Date(`${end}T00:00:00Z`));
}

export function asDate(time: Timestamp | Date | undefined): Date | undefined {
  return time === undefined || time instanceof Date ? time : timestampDate(time);
}
