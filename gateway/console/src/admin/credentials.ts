// How an account is entered, as a form has it. Pure.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AddAccountRequestSchema } from "@potok/web/gen/potok/call_sync/v1/account_service_pb.ts";
import { numberIn } from "./client_settings.ts";

export type Kind = "long_lived" | "integration";
export type Grant = "code" | "refresh_token";

/** What stands in each control, named as in the protos, which is how refusals name them. */
export const ACCOUNT_FIELDS = [
  "account_id",
  "host",
  "requests_per_second",
  "token",
  "client_id",
  "client_secret",
  "redirect_uri",
  "code",
  "refresh_token",
] as const;

/** Returns the request that a form makes. */
export function accountRequest(
  kind: Kind,
  grant: Grant,
  typed: (field: (typeof ACCOUNT_FIELDS)[number]) => string,
): MessageInitShape<typeof AddAccountRequestSchema> {
  const rate = typed("requests_per_second");
  const named = {
    accountId: typed("account_id"),
    host: typed("host"),
    ...(rate ? { requestsPerSecond: numberIn(rate) } : {}),
  };
  if (kind === "long_lived") return { ...named, credentials: { case: "longLived", value: { token: typed("token") } } };
  return {
    ...named,
    credentials: {
      case: "integration",
      value: {
        clientId: typed("client_id"),
        clientSecret: typed("client_secret"),
        redirectUri: typed("redirect_uri"),
        grant: grant === "code"
          ? { case: "code", value: typed("code") }
          : { case: "refreshToken", value: typed("refresh_token") },
      },
    },
  };
}
