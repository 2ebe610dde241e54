import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@potok/web/gen/google/rpc/error_details_pb.ts";
import { AddAccountRequestSchema } from "@potok/web/gen/potok/call_sync/v1/account_service_pb.ts";
import { ClientSettingsSchema } from "@potok/web/gen/potok/status/v1/progress_pb.ts";
import { formOf, numberIn, settingsOf } from "../src/admin/client_settings.ts";
import { accountRequest } from "../src/admin/credentials.ts";
import { violationsOf } from "../src/shell/violations.ts";

function refusal(...fieldViolations: { field: string; description: string }[]): ConnectError {
  const details = [{ desc: BadRequestSchema, value: { fieldViolations } }];
  return new ConnectError("all of it", Code.InvalidArgument, undefined, details);
}

test("what is refused of a field of the form is said beside it, the rest of the whole", () => {
  const told = violationsOf(
    refusal(
      { field: "client.settings.weight", description: "must be at most 100" },
      { field: "client.settings.colour", description: "is unknown" },
    ),
    ["weight"],
  );
  assert.deepEqual(told, { fields: { weight: "must be at most 100" }, rest: "client.settings.colour: is unknown", reason: "" });
});

test("two things that are wrong with a field are both said", () => {
  const twice = refusal({ field: "host", description: "one" }, { field: "host", description: "two" });
  assert.deepEqual(violationsOf(twice, ["host"]), { fields: { host: "one; two" }, rest: "", reason: "" });
});

test("a refusal without fields is said as it is, with the name of its reason", () => {
  const reasons = [{ desc: ErrorInfoSchema, value: { reason: "NO_SECRETS_KEY" } }];
  const told = violationsOf(new ConnectError("away", Code.FailedPrecondition, undefined, reasons), ["host"]);
  assert.deepEqual(told, { fields: {}, rest: "away", reason: "NO_SECRETS_KEY" });
});

test("settings come out of a form as they went in", () => {
  const settings = create(ClientSettingsSchema, {
    source: "amocrm:clinic",
    timeZone: "Europe/Moscow",
    playbook: "sales",
    language: "en",
    minSuccessRatio: 0.25,
    weight: 7,
    leftIncoming: "operator",
    leftOutgoing: "client",
  });
  assert.deepEqual(create(ClientSettingsSchema, settingsOf(formOf(settings))), settings);
});

test("a number may have a comma, and what is none is the default of the server", () => {
  assert.equal(numberIn(" 0,5 "), 0.5);
  assert.equal(numberIn(""), 0);
  assert.equal(numberIn("much"), 0);
});

test("an account is entered by one way alone", () => {
  const typed = (field: string) => (field === "requests_per_second" ? "" : `${field}!`);
  const token = create(AddAccountRequestSchema, accountRequest("long_lived", "code", typed));
  assert.equal(token.requestsPerSecond, undefined);
  assert.deepEqual([token.credentials.case, token.host], ["longLived", "host!"]);

  const integration = create(AddAccountRequestSchema, accountRequest("integration", "refresh_token", typed));
  assert.ok(integration.credentials.case === "integration");
  const { clientId, clientSecret, grant } = integration.credentials.value;
  assert.deepEqual([clientId, clientSecret], ["client_id!", "client_secret!"]);
  assert.deepEqual(grant, { case: "refreshToken", value: "refresh_token!" });
});
