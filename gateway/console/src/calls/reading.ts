// What is read of one call, and what all parts of its page share.

import { Code, ConnectError } from "@connectrpc/connect";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { ErrorInfoSchema } from "@potok/web/gen/google/rpc/error_details_pb.ts";
import type { Evidence } from "@potok/web/gen/potok/analysis/v1/analysis_pb.ts";
import { Speaker, type Transcript } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import type { Sound } from "./sound.ts";

/** Returns the answer, or null where there is none to be had: what was never made is not an error. */
export async function found<Value>(answer: Promise<Value>): Promise<Value | null> {
  try {
    return await answer;
  } catch (error) {
    if (ConnectError.from(error).code === Code.NotFound) return null;
    throw error;
  }
}

/** Returns how a recording sounds; null where there is none, "unplayable" where nothing can decode it. */
export async function heard<Value>(answer: Promise<Value>): Promise<Value | "unplayable" | null> {
  try {
    return await found(answer);
  } catch (error) {
    const told = ConnectError.from(error).findDetails(ErrorInfoSchema);
    if (told.some((each) => each.reason === "NOT_PLAYABLE")) return "unplayable";
    throw error;
  }
}

export interface Reading {
  sound: Sound;
  transcript: Transcript | null;
  /** What the employee is called. */
  employee: string;
}

export const ReadingContext = createContext<Reading | undefined>(undefined);

/** Returns what the page reads; for components inside of it. */
export function useReading(): Reading {
  return useContext(ReadingContext)!;
}

/** The second in which a quote begins; by its turn where the analysis is older than the times of quotes. */
export function secondOfQuote(quote: Evidence, transcript: Transcript | null): number | undefined {
  if (quote.endSeconds > 0) return quote.startSeconds;
  return transcript?.segments[quote.turn]?.startSeconds;
}

/** How styles call a voice. */
export function voiceOf(speaker: Speaker): "operator" | "client" | "unknown" {
  if (speaker === Speaker.OPERATOR) return "operator";
  return speaker === Speaker.CLIENT ? "client" : "unknown";
}

/** Below so much a word counts as not surely heard; 0 is where the model does not say. */
export const SURE = 0.5;

export function isUnsure(probability: number): boolean {
  return probability > 0 && probability < SURE;
}
