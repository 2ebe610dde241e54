// What the buttons of the panel say.

import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { texts } from "../shell/language.ts";
import type { Button, ButtonName } from "./buttons.ts";

type Said = Record<Button["kind"], string>;
type Named = Record<Stage.CALL_SYNC | Stage.TRANSCRIPTION | Stage.ANALYSIS | Stage.RECOMMENDATIONS | "all", Said>;

const ru: Named = {
  [Stage.CALL_SYNC]: {
    idle: "Синхронизировать звонки",
    running: "Синхронизация...",
    completed: "Звонки синхронизированы ✓",
    partial: "Синхронизированы не все",
    failed: "Ошибка синхронизации ✗",
    disabled: "Синхронизация (заблокирована)",
  },
  [Stage.TRANSCRIPTION]: {
    idle: "Транскрибировать",
    running: "Транскрибация...",
    completed: "Транскрибация завершена ✓",
    partial: "Транскрибированы не все",
    failed: "Ошибка транскрибации ✗",
    disabled: "Транскрибация (заблокирована)",
  },
  [Stage.ANALYSIS]: {
    idle: "Анализировать звонки",
    running: "Анализ звонков...",
    completed: "Анализ завершен ✓",
    partial: "Проанализированы не все",
    failed: "Ошибка анализа ✗",
    disabled: "Анализ (заблокирован)",
  },
  [Stage.RECOMMENDATIONS]: {
    idle: "Анализировать рекомендации",
    running: "Анализ рекомендаций...",
    completed: "Анализ рекомендаций завершен ✓",
    partial: "Рекомендации не полны",
    failed: "Ошибка анализа рекомендаций ✗",
    disabled: "Анализ рекомендаций (заблокирован)",
  },
  all: {
    idle: "Выполнить все этапы",
    running: "Все этапы...",
    completed: "Все этапы завершены ✓",
    partial: "Довести все этапы до конца",
    failed: "Ошибка в одном из этапов ✗",
    disabled: "Все этапы (заблокированы)",
  },
};

const en: Named = {
  [Stage.CALL_SYNC]: {
    idle: "Sync calls",
    running: "Syncing...",
    completed: "Calls synced ✓",
    partial: "Not all synced",
    failed: "Sync failed ✗",
    disabled: "Sync (locked)",
  },
  [Stage.TRANSCRIPTION]: {
    idle: "Transcribe",
    running: "Transcribing...",
    completed: "Transcription completed ✓",
    partial: "Not all transcribed",
    failed: "Transcription failed ✗",
    disabled: "Transcription (locked)",
  },
  [Stage.ANALYSIS]: {
    idle: "Analyse calls",
    running: "Analysing calls...",
    completed: "Analysis completed ✓",
    partial: "Not all analysed",
    failed: "Analysis failed ✗",
    disabled: "Analysis (locked)",
  },
  [Stage.RECOMMENDATIONS]: {
    idle: "Analyse recommendations",
    running: "Analysing recommendations...",
    completed: "Recommendations completed ✓",
    partial: "Recommendations not complete",
    failed: "Recommendations failed ✗",
    disabled: "Recommendations (locked)",
  },
  all: {
    idle: "Run all stages",
    running: "All stages...",
    completed: "All stages completed ✓",
    partial: "Finish all stages",
    failed: "A stage failed ✗",
    disabled: "All stages (locked)",
  },
};

const t = texts({ ru, en });

/** Returns the text of a button; one that runs says how far it is in percent, where that is known. */
export function buttonText(name: ButtonName, button: Button): string {
  const said = t()[name as keyof Named][button.kind];
  if (button.kind !== "running" || button.share === undefined || name === "all") return said;
  return `${said} (${Math.floor(button.share * 100)}%)`;
}
