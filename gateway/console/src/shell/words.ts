// Stages, states and reasons in plain words of both languages: every value of an enum of the protos has one.

import type { Direction } from "@potok/web/gen/potok/call_sync/v1/call_pb.ts";
import type { AuditAction } from "@potok/web/gen/potok/status/v1/audit_pb.ts";
import {
  type BotState,
  ExecutionState,
  ItemState,
  type Reason,
  type RunMode,
  RunState,
  type Stage,
  type WaitReason,
} from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import type { Speaker } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import type { Tone } from "../ui/parts.tsx";
import { texts } from "./language.ts";
import { en } from "./words_en.ts";
import { ru } from "./words_ru.ts";

export interface Words {
  unknown: string;
  stage: Record<Stage, string>;
  itemState: Record<ItemState, string>;
  executionState: Record<ExecutionState, string>;
  runState: Record<RunState, string>;
  runMode: Record<RunMode, string>;
  botState: Record<BotState, string>;
  reason: Record<Reason, string>;
  wait: Record<WaitReason, string>;
  direction: Record<Direction, string>;
  speaker: Record<Speaker, string>;
  action: Record<AuditAction, string>;
  sentiment: Record<string, string>;
}

const t = texts({ ru, en });

/** Returns the word of a value, and that it is unknown for one that only a newer server knows. */
function word<Value extends number>(of: (words: Words) => Record<Value, string>): (value: Value) => string {
  return (value) => (of(t()) as Record<number, string>)[value] ?? t().unknown;
}

export const stageName = word((words) => words.stage);
export const itemStateName = word((words) => words.itemState);
export const executionStateName = word((words) => words.executionState);
export const runStateName = word((words) => words.runState);
export const runModeName = word((words) => words.runMode);
export const botStateName = word((words) => words.botState);
export const reasonName = word((words) => words.reason);
export const waitName = word((words) => words.wait);
export const directionName = word((words) => words.direction);
export const speakerName = word((words) => words.speaker);
export const actionName = word((words) => words.action);

/** A sentiment as people say it; one that only a playbook knows as it is. */
export function sentimentName(value: string): string {
  return t().sentiment[value] ?? value;
}

const ITEM_TONES: Record<ItemState, Tone> = {
  [ItemState.UNSPECIFIED]: "plain",
  [ItemState.PENDING]: "plain",
  [ItemState.PROCESSING]: "busy",
  [ItemState.SUCCESS]: "good",
  [ItemState.FAILED]: "bad",
  [ItemState.SKIPPED]: "plain",
};

/** The colour of a state of an item. */
export function itemTone(state: ItemState): Tone {
  return ITEM_TONES[state] ?? "plain";
}

const RUN_TONES: Record<RunState, Tone> = {
  [RunState.UNSPECIFIED]: "plain",
  [RunState.ACTIVE]: "busy",
  [RunState.CANCELLING]: "warn",
  [RunState.COMPLETED]: "good",
  [RunState.PARTIAL]: "warn",
  [RunState.FAILED]: "bad",
  [RunState.CANCELLED]: "plain",
};

/** The colour of a state of a run. */
export function runTone(state: RunState): Tone {
  return RUN_TONES[state] ?? "plain";
}

const EXECUTION_TONES: Record<ExecutionState, Tone> = {
  [ExecutionState.UNSPECIFIED]: "plain",
  [ExecutionState.QUEUED]: "plain",
  [ExecutionState.DISPATCHED]: "plain",
  [ExecutionState.RUNNING]: "busy",
  [ExecutionState.STALLED]: "warn",
  [ExecutionState.CANCELLING]: "warn",
  [ExecutionState.SUCCEEDED]: "good",
  [ExecutionState.PARTIAL]: "warn",
  [ExecutionState.FAILED]: "bad",
  [ExecutionState.CANCELLED]: "plain",
};

/** The colour of a state of an execution. */
export function executionTone(state: ExecutionState): Tone {
  return EXECUTION_TONES[state] ?? "plain";
}
