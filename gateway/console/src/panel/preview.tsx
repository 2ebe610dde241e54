// What a start would do, shown before it is started; who knows it already does not have to see it.

import { effect, signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { StagePreview } from "@potok/web/gen/potok/coordinator/v1/coordinator_service_pb.ts";
import type { Cost } from "@potok/web/gen/potok/status/v1/progress_pb.ts";
import { RunMode, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { coordinator } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { days, number, UNKNOWN } from "../shell/formats.ts";
import { language, texts } from "../shell/language.ts";
import { clientId, range } from "../shell/selection.ts";
import { runModeName, stageName } from "../shell/words.ts";
import { Dialog, Notice, Scroll } from "../ui/parts.tsx";
import { asked } from "./asked.ts";
import type { ButtonName } from "./buttons.ts";
import { buttonText } from "./button_words.ts";
import { refusedInWords } from "./commands.ts";

const KEPT = "potok.panel.skipsPreview";

/** Whether a press starts at once. */
export const skipsPreview = signal(localStorage.getItem(KEPT) === "yes");

effect(() => {
  localStorage.setItem(KEPT, skipsPreview.value ? "yes" : "no");
});

const t = texts({
  ru: {
    asking: "Считаем, что предстоит сделать…",
    figures: "Что будет сделано",
    stage: "Этап",
    calls: "Звонков",
    minutes: "Минут",
    cost: "Стоимость",
    unchanged: "Готово",
    most: "Столько будет самое большее: если на каждом этапе всё удастся.",
    failedBefore: (count: string) => `${count} с прежней ошибкой останутся: их берёт только повтор ошибок.`,
    nothing: "Новой работы нет: всё уже готово. Запуск только проверит источник.",
    start: "Начать",
    skip: "Больше не показывать, начинать сразу",
    mode: "Что обработать",
    unknown: (count: string) => `+ ${count} неизвестной длины`,
  },
  en: {
    asking: "Counting what there is to do…",
    figures: "What would be done",
    stage: "Stage",
    calls: "Calls",
    minutes: "Minutes",
    cost: "Cost",
    unchanged: "Done",
    most: "These are the most there can be: if everything succeeds at every stage.",
    failedBefore: (count: string) => `${count} that failed before are left alone: only a retry takes them up.`,
    nothing: "There is no new work: everything is done. A run would only look at the source.",
    start: "Start",
    skip: "Do not show again, start at once",
    mode: "What to process",
    unknown: (count: string) => `+ ${count} of unknown length`,
  },
});

export function PreviewDialog({ name, onStart, onClose }: {
  name: ButtonName;
  onStart: (mode: RunMode) => void;
  onClose: () => void;
}) {
  const [mode, setMode] = useState(RunMode.PENDING);
  const answer = useAnswer(
    (signal) =>
      coordinator.previewRun(asked(clientId.value, range.value, name, mode), { signal }).then(
        ({ stages }) => ({ stages, refusal: "" }),
        (error: unknown) => ({ stages: [], refusal: refusedInWords(error) }),
      ),
    [name, mode, clientId.value, range.value],
  );
  const { stages = [], refusal = "" } = answer.value ?? {};
  const title = buttonText(name, { kind: "idle", tally: NO_TALLY, cancelled: false });
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <button type="button" class="button primary" disabled={refusal !== ""} autofocus onClick={() => onStart(mode)}>
          {t().start}
        </button>
      }
    >
      <div class="preview" aria-busy={answer.asking}>
        <p class="soft">{clientId.value} · {days(range.value.start, range.value.end)}</p>
        <label class="field">
          <span>{t().mode}</span>
          <select value={mode} onChange={(event) => setMode(Number(event.currentTarget.value))}>
            {[RunMode.PENDING, RunMode.ALL].map((each) => <option key={each} value={each}>{runModeName(each)}</option>)}
          </select>
        </label>
        {refusal
          ? <Notice tone="bad">{refusal}</Notice>
          : answer.value === undefined
            ? <p class="soft" role="status">{t().asking}</p>
            : <Previewed stages={stages} />}
        <label class="check">
          <input
            type="checkbox"
            checked={skipsPreview.value}
            onChange={(event) => (skipsPreview.value = event.currentTarget.checked)}
          />
          {t().skip}
        </label>
      </div>
    </Dialog>
  );
}

const NO_TALLY = { days: 0, covered: 0, stale: 0, pending: 0, processing: 0, success: 0, failed: 0, skipped: 0 };

function Previewed({ stages }: { stages: readonly StagePreview[] }) {
  const costs = stages.some((each) => each.cost);
  const failedBefore = Math.max(0, ...stages.map((each) => each.unchangedFailed));
  return (
    <>
      <Scroll label={t().figures}>
        <table>
          <thead>
            <tr>
              <th>{t().stage}</th>
              <th class="number">{t().calls}</th>
              <th class="number">{t().minutes}</th>
              <th class="number">{t().unchanged}</th>
              {costs && <th class="number">{t().cost}</th>}
            </tr>
          </thead>
          <tbody>
            {stages.map((each) => (
              <tr key={each.stage}>
                <td>{stageName(each.stage)}</td>
                <td class="number">{number(each.calls)}{each.more && "+"}</td>
                <td class="number">{minutes(each)}</td>
                <td class="number">{number(each.unchanged)}</td>
                {costs && <td class="number">{money(each.cost)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="soft small">{t().most}</p>
      {stages.every((each) => each.calls === 0) && <p class="soft">{t().nothing}</p>}
      {failedBefore > 0 && <p class="soft">{t().failedBefore(number(failedBefore))}</p>}
    </>
  );
}

/** How long the recordings are, for the stages that fetch and hear them. */
function minutes(stage: StagePreview): string {
  if (stage.stage !== Stage.CALL_SYNC && stage.stage !== Stage.TRANSCRIPTION) return "";
  const known = number(stage.durationSeconds / 60, 1);
  return stage.unknownDurations ? `${known} ${t().unknown(number(stage.unknownDurations))}` : known;
}

/** An amount of money. */
export function money(cost: Cost | undefined): string {
  if (!cost) return UNKNOWN;
  const digits = { maximumFractionDigits: cost.amount && Math.abs(cost.amount) < 0.1 ? 4 : 2 };
  const format = new Intl.NumberFormat(language.value, { style: "currency", currency: cost.currency || "USD", ...digits });
  return format.format(cost.amount);
}
