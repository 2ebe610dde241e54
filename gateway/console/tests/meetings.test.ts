import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { BotObservationSchema } from "@potok/web/gen/potok/coordinator/v1/bot_pb.ts";
import { Verdict } from "@potok/web/gen/potok/coordinator/v1/report_pb.ts";
import { BotStatusSchema, ChangeSchema, StageStatusSchema } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { BotState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { SegmentSchema } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { faultOf, linkIn } from "../src/meetings/link.ts";
import { merged } from "../src/meetings/merging.ts";
import { around, turnOf } from "../src/meetings/quotes.ts";
import { stepsOf } from "../src/meetings/steps.ts";

const at = (seconds: number) => timestampFromDate(new Date(Date.UTC(2026, 2, 1, 10, 0, seconds)));
const bot = (state: BotState, updated = 0, botId = "b", created = 0) =>
  create(BotStatusSchema, { botId, state, createTime: at(created), updateTime: at(updated) });
const said = (state: BotState, seconds: number, verdict = Verdict.APPLIED) =>
  create(BotObservationSchema, { state, verdict, time: at(seconds) });
const stage = (stage: Stage, seconds: number) => create(StageStatusSchema, { stage, createTime: at(seconds) });

test("a link is found in an invitation, and without its scheme", () => {
  assert.equal(linkIn("Join: https://meet.google.com/abc-defg-hij."), "https://meet.google.com/abc-defg-hij");
  assert.equal(linkIn(" meet.google.com/abc "), "https://meet.google.com/abc");
  assert.equal(linkIn("hello"), "hello");
});

test("what is wrong with a link is known before it is sent", () => {
  assert.equal(faultOf(""), "missing");
  assert.equal(faultOf("hello"), "unreadable");
  assert.equal(faultOf("javascript:alert(1)"), "unreadable");
  assert.equal(faultOf("http://zoom.us/j/1"), "insecure");
  assert.equal(faultOf("https://zoom.us"), "bare");
  assert.equal(faultOf("https://zoom.us/j/1"), "");
});

test("steps have the times that anybody told, and how long they lasted", () => {
  const steps = stepsOf(
    bot(BotState.DONE, 60),
    [said(BotState.CONNECTED, 9, Verdict.DUPLICATE), said(BotState.CONNECTED, 10), said(BotState.CONNECTED, 30)],
    [stage(Stage.TRANSCRIPTION, 40), stage(Stage.ANALYSIS, 45), stage(Stage.TASKS, 50)],
    [],
  );
  assert.deepEqual(steps.map((step) => step.mark), ["done", "skipped", "done", "done", "done", "done", "done"]);
  assert.deepEqual(steps.map((step) => step.seconds), [10, undefined, 30, 5, 5, 10, undefined]);
});

test("what was seen live tells a time that nobody else tells", () => {
  const change = create(ChangeSchema, { time: at(4), events: [{ subject: { case: "bot", value: bot(BotState.CONNECTING) } }] });
  const steps = stepsOf(bot(BotState.CONNECTING), [], [], [change]);
  assert.deepEqual(steps.map((step) => step.mark), ["done", "now", "todo", "todo", "todo", "todo", "todo"]);
  assert.equal(steps[1]?.at?.getUTCSeconds(), 4);
});

test("an error ends the way where it was", () => {
  const steps = stepsOf(bot(BotState.ERROR, 20), [said(BotState.CONNECTING, 5)], [], []);
  assert.deepEqual(steps.map((step) => [step.state, step.mark]), [
    [BotState.INITIALIZED, "done"],
    [BotState.CONNECTING, "done"],
    [BotState.ERROR, "failed"],
  ]);
  assert.equal(steps[1]?.seconds, 15);
});

test("a quote is found in the turn of its speaker, or at its time", () => {
  const turn = (text: string, speakerName: string, startSeconds = 0, endSeconds = 0) =>
    create(SegmentSchema, { text, speakerName, startSeconds, endSeconds });
  const segments = [turn("Да, сделаю завтра.", "Илья", 0, 5), turn("Сделаю завтра!", "Маша", 5, 9)];
  assert.equal(turnOf(segments, { quote: "сделаю завтра", quoteSpeakerName: "Маша" }), 1);
  assert.equal(turnOf(segments, { quote: "сделаю завтра", quoteSpeakerName: "" }), 0);
  assert.equal(turnOf(segments, { quote: "сделаю завтра", quoteSpeakerName: "", quoteStartSeconds: 6 }), 1);
  assert.equal(turnOf(segments, { quote: "никогда", quoteSpeakerName: "" }), -1);
  assert.equal(turnOf(segments, { quote: "", quoteSpeakerName: "" }), -1);
});

test("a turn is split around a quote", () => {
  assert.deepEqual(around("Да, Сделаю завтра.", "сделаю"), { before: "Да, ", words: "Сделаю", after: " завтра." });
  assert.deepEqual(around("Да", "нет"), { before: "Да", words: "", after: "" });
});

test("a list follows the watch: newer states, new bots, and those that leave the group go", () => {
  const listed = [bot(BotState.CONNECTED, 5, "old", 1), bot(BotState.CONNECTED, 5, "same", 2)];
  const live = new Map([
    ["old", bot(BotState.DONE, 9, "old", 1)],
    ["same", bot(BotState.CONNECTING, 4, "same", 2)],
    ["new", bot(BotState.INITIALIZED, 8, "new", 8)],
    ["ancient", bot(BotState.CONNECTED, 0, "ancient", 0)],
  ]);
  assert.deepEqual(merged(listed, live, "meeting", "", false).map((each) => each.botId), ["new", "same"]);
  assert.deepEqual(merged(listed, live, "all", "", true).map((each) => each.botId), ["new", "same", "old", "ancient"]);
  assert.deepEqual(merged(listed, live, "all", "NEW", true).map((each) => each.botId), ["new"]);
});
