// The steps of a bot, with when each was reached and how long it lasted.

import { BotState } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { Check, Circle, LoaderCircle, Minus, X } from "lucide";
import { now } from "../live/now.ts";
import { clock, timeOfDay } from "../shell/formats.ts";
import { serverNow } from "../shell/server_time.ts";
import { Icon } from "../ui/icon.tsx";
import type { Step } from "./steps.ts";
import { t } from "./texts.ts";

const ICONS = { done: Check, now: LoaderCircle, todo: Circle, skipped: Minus, failed: X };

/** `recording` says that no bot was there: what a meeting has left was handed in. */
export function Stepper({ steps, recording }: { steps: readonly Step[]; recording: boolean }) {
  return (
    <ol class="stepper">
      {steps.map((step) => (
        <li key={step.state} data-mark={step.mark} aria-current={step.mark === "now" ? "step" : undefined}>
          <span class="step-mark"><Icon of={ICONS[step.mark]} size={16} /></span>
          <span class="step-name">{recording && step.state === BotState.INITIALIZED ? t().received : t().step[step.state]}</span>
          <span class="soft small">
            {step.at && timeOfDay(step.at)}
            {step.mark === "skipped" && t().skipped}
          </span>
          <span class="soft small">
            {step.mark === "now" && step.at && <Since time={step.at} />}
            {step.seconds !== undefined && t().lasted(clock(step.seconds))}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** How long it has been, counted on by the clock of the server. */
function Since({ time }: { time: Date }) {
  void now.value;
  return <>{t().lasts(clock((serverNow().getTime() - time.getTime()) / 1000))}</>;
}
