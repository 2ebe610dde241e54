// The clock of the server, as answers tell it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { noteServerTime, serverNow } from "../src/shell/server_time.ts";

const ahead = () => Math.round((serverNow().getTime() - Date.now()) / 1000);

test("a clock that is an hour off is corrected, one that is right is left alone", () => {
  const now = Date.now();
  noteServerTime(new Date(now + 3_600_000).toUTCString(), now - 50, now);
  assert.ok(Math.abs(ahead() - 3600) <= 1);
  noteServerTime(new Date(now).toUTCString(), now - 50, now);
  assert.equal(ahead(), 0);
});

test("an answer that took long says little of the time", () => {
  const now = Date.now();
  noteServerTime(new Date(now).toUTCString(), now - 20_000, now);
  assert.equal(ahead(), 0);
});

test("an answer without a time, or with nonsense, changes nothing", () => {
  for (const date of [null, "", "yesterday"]) noteServerTime(date, Date.now());
  assert.equal(ahead(), 0);
});
