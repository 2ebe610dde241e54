// What a refusal says of the fields of a form. Pure.

import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@potok/web/gen/google/rpc/error_details_pb.ts";

export interface Violations {
  /** What is wrong with a field, by the last part of its path. */
  fields: Readonly<Record<string, string>>;
  /** What is left to say of the whole; empty where the fields say it all. */
  rest: string;
  /** The reason by its name, as in `NO_ISSUER_KEY`; empty where there is none. */
  reason: string;
}

export const NO_VIOLATIONS: Violations = { fields: {}, rest: "", reason: "" };

/** Returns what an error says of `fields`, which are named as in the protos. */
export function violationsOf(error: unknown, fields: readonly string[]): Violations {
  const refusal = ConnectError.from(error);
  const told: Record<string, string> = {};
  const rest: string[] = [];
  for (const { field, description } of refusal.findDetails(BadRequestSchema).flatMap((each) => each.fieldViolations)) {
    const name = field.split(".").at(-1) ?? "";
    if (fields.includes(name)) told[name] = told[name] ? `${told[name]}; ${description}` : description;
    else rest.push(field ? `${field}: ${description}` : description);
  }
  if (Object.keys(told).length === 0 && rest.length === 0) rest.push(refusal.rawMessage);
  const reason = refusal.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
  return { fields: told, rest: rest.join("; "), reason };
}
