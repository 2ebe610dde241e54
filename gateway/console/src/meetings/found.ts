// An answer that may not be there yet.

import { Code, ConnectError } from "@connectrpc/connect";

/** Answers null where there is none. */
export async function found<Value>(answer: Promise<Value>): Promise<Value | null> {
  try {
    return await answer;
  } catch (error) {
    if (ConnectError.from(error).code === Code.NotFound) return null;
    throw error;
  }
}
