// What the service that runs a bot said of it, and what became of that.

import type { BotObservation } from "@potok/web/gen/potok/coordinator/v1/bot_pb.ts";
import { Verdict } from "@potok/web/gen/potok/coordinator/v1/report_pb.ts";
import { BotState } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { timeOfDay, UNKNOWN } from "../shell/formats.ts";
import { botStateName } from "../shell/words.ts";
import { AsOf, Badge, Card, type Tone } from "../ui/parts.tsx";
import { t } from "./texts.ts";

const TONES: Record<Verdict, Tone> = {
  [Verdict.UNSPECIFIED]: "busy",
  [Verdict.APPLIED]: "good",
  [Verdict.DUPLICATE]: "plain",
  [Verdict.STALE]: "plain",
  [Verdict.ILLEGAL]: "bad",
  [Verdict.IGNORED]: "warn",
};

export function Observations({ observations, asOf }: { observations: readonly BotObservation[]; asOf: Date | undefined }) {
  return (
    <Card title={t().observations} aside={<AsOf time={asOf} />} flush>
      {observations.length === 0 && <p class="soft card-text">{t().noObservations}</p>}
      {observations.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t().observations}>
          <table>
            <thead>
              <tr>
                {[t().time, t().source, t().word, t().means, t().verdict].map((name) => <th key={name}>{name}</th>)}
              </tr>
            </thead>
            <tbody>
              {observations.map((each) => (
                <tr key={String(each.number)}>
                  <td class="number-left">
                    {timeOfDay(each.time)}
                    {each.times > 1 && <span class="soft small"> – {timeOfDay(each.lastTime)}, {t().times(each.times)}</span>}
                  </td>
                  <td>{t().sources[each.source as "poll" | "callback" | "webhook" | "trigger"] ?? each.source}</td>
                  <td>
                    <span class="mono">{each.rawStatus === "no_answer" ? t().noAnswer : each.rawStatus}</span>
                    {each.message && <p class="soft small">{each.message}</p>}
                  </td>
                  <td>{each.state === BotState.UNSPECIFIED ? UNKNOWN : botStateName(each.state)}</td>
                  <td><Badge tone={TONES[each.verdict] ?? "plain"}>{t().verdicts[each.verdict]}</Badge></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
