// Where in a transcript words of it stand. Pure.

import type { Segment } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";

export interface Quoted {
  quote: string;
  quoteSpeakerName: string;
  quoteStartSeconds?: number | undefined;
}

/**
 * Returns the index of the turn that a quote was said in; -1 where it is in none. Of several turns with the same words
 * that of its speaker counts, and of a timed one the turn at that time.
 */
export function turnOf(segments: readonly Segment[], { quote, quoteSpeakerName, quoteStartSeconds }: Quoted): number {
  const words = plain(quote);
  if (!words) return -1;
  const found = segments.flatMap((each, index) => (plain(each.text).includes(words) ? [index] : []));
  if (quoteStartSeconds !== undefined) {
    const timed = segments.findIndex((each) => each.startSeconds - 0.01 <= quoteStartSeconds && quoteStartSeconds < each.endSeconds);
    if (timed >= 0 && (found.length === 0 || found.includes(timed))) return timed;
  }
  return found.find((index) => segments[index]?.speakerName === quoteSpeakerName) ?? found[0] ?? -1;
}

/** Splits the text of a turn around the words of a quote; all of it is `before` where they are not in it. */
export function around(text: string, quote: string): { before: string; words: string; after: string } {
  const at = quote ? text.toLowerCase().indexOf(quote.toLowerCase()) : -1;
  if (at < 0) return { before: text, words: "", after: "" };
  return { before: text.slice(0, at), words: text.slice(at, at + quote.length), after: text.slice(at + quote.length) };
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}
