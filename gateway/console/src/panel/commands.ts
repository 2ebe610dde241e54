// What the panel asks the coordinator to do, and a refusal in words that say what to do next.

import { ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@potok/web/gen/google/rpc/error_details_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { coordinator } from "../shell/api.ts";
import { day } from "../shell/formats.ts";
import { plural, texts } from "../shell/language.ts";
import { messageOf, refusalOf } from "../shell/refusals.ts";
import { stageName } from "../shell/words.ts";
import { type Asked, joins } from "./asked.ts";

const t = texts({
  ru: {
    RUN_ACTIVE: (stage: string) => `Уже идёт другой запуск этого клиента (${stage}). Дождитесь его конца или отмените его.`,
    STAGE_OUT_OF_ORDER: (stage: string, days: string) => `Сначала выполните этап «${stage}»: он ещё не прошёл ${days}.`,
    GATE_NOT_MET: (stage: string) => `На этапе «${stage}» готово слишком мало звонков. Повторите его ошибки, затем начните снова.`,
    SETTINGS_INVALID: (why: string) => `Настройки клиента больше не подходят: ${why}. Их исправляет администратор.`,
    RUN_NOT_ENDED: "Запуск ещё не закончился.",
    NOTHING_FAILED: "Повторять нечего: ошибок, которые можно повторить, нет.",
    days: (count: number, first: string) =>
      `${count} ${plural(count, ["день", "дня", "дней"])}${count === 1 ? ` (${first})` : `, начиная с ${first}`}`,
  },
  en: {
    RUN_ACTIVE: (stage: string) => `Another run of this client is under way (${stage}). Wait until it ends, or cancel it.`,
    STAGE_OUT_OF_ORDER: (stage: string, days: string) => `Run “${stage}” first: it has not covered ${days}.`,
    GATE_NOT_MET: (stage: string) => `Too few calls are done in “${stage}”. Retry what failed there, then start again.`,
    SETTINGS_INVALID: (why: string) => `The settings of the client can no longer work: ${why}. An administrator mends them.`,
    RUN_NOT_ENDED: "The run has not ended yet.",
    NOTHING_FAILED: "There is nothing to retry.",
    days: (count: number, first: string) =>
      `${count} ${plural(count, ["day", "days"])}${count === 1 ? ` (${first})` : `, from ${first} on`}`,
  },
});

/**
 * Starts a run. Where the same stages and days are under way already, as after a second click or in another tab, it is
 * joined: that is no refusal.
 */
export async function startRun(request: Asked): Promise<void> {
  try {
    await coordinator.startRun({ ...request, requestId: requestId() });
  } catch (error) {
    const runId = detail(error)?.metadata["run_id"];
    if (detail(error)?.reason !== "RUN_ACTIVE" || !runId) throw error;
    const other = (await coordinator.getRun({ runId })).run?.status;
    if (!other || !joins(other, request)) throw error;
  }
}

/** Makes a call repeatable: a try again of the transport starts nothing twice. */
function requestId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

/** Asks a run to stop; returns its id. */
export async function cancelRun(runId: string): Promise<string> {
  await coordinator.cancelRun({ runId });
  return runId;
}

/** Starts a run that takes up the failures of an ended one; returns its id. */
export async function retryRun(runId: string): Promise<string> {
  const answer = await coordinator.retryFailed({ runId, requestId: requestId() });
  return answer.run?.status?.runId ?? "";
}

/** Returns what a refused command means to the person who gave it. */
export function refusedInWords(error: unknown): string {
  const found = detail(error);
  const told = found?.metadata ?? {};
  const stage = stageName(stageOf(told["stage"]));
  switch (found?.reason) {
    case "RUN_ACTIVE":
      return t().RUN_ACTIVE(stage);
    case "STAGE_OUT_OF_ORDER": {
      const days = (told["days"] ?? "").split(",").map((each) => each.trim()).filter(Boolean);
      return t().STAGE_OUT_OF_ORDER(stage, t().days(days.length, day(days[0] ?? "")));
    }
    case "GATE_NOT_MET":
      return t().GATE_NOT_MET(stage);
    case "SETTINGS_INVALID":
      return t().SETTINGS_INVALID(messageOf(error));
    case "RUN_NOT_ENDED":
      return t().RUN_NOT_ENDED;
    case "NOTHING_FAILED":
      return t().NOTHING_FAILED;
    default:
      return refusalOf(error);
  }
}

function detail(error: unknown) {
  return ConnectError.from(error).findDetails(ErrorInfoSchema)[0];
}

function stageOf(name: string | undefined): Stage {
  const found = Stage[name as keyof typeof Stage];
  return typeof found === "number" ? found : Stage.UNSPECIFIED;
}
