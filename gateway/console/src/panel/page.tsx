// The panel: the stages of a client and a range of days, started, watched, cancelled and retried.

import "./panel.css";
import { useState } from "preact/hooks";
import { RunMode } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { days } from "../shell/formats.ts";
import { texts } from "../shell/language.ts";
import { clientId, range } from "../shell/selection.ts";
import { Card, Notice } from "../ui/parts.tsx";
import { RangeChoice } from "../ui/range.tsx";
import { asked } from "./asked.ts";
import { Announcer, BellCard } from "./bell_card.tsx";
import type { ButtonName } from "./buttons.ts";
import { refusedInWords, startRun } from "./commands.ts";
import { Failures } from "./failures.tsx";
import { CurrentRun } from "./outcome.tsx";
import { PreviewDialog, skipsPreview } from "./preview.tsx";
import { AllStages, Stages } from "./stages.tsx";

const t = texts({
  ru: { title: "Обработка звонков", stages: "Этапы", close: "Понятно" },
  en: { title: "Processing of calls", stages: "Stages", close: "Got it" },
});

export default function Page() {
  const [asking, setAsking] = useState<ButtonName>();
  const [previewed, setPreviewed] = useState<ButtonName>();
  const [refusal, setRefusal] = useState("");

  async function start(name: ButtonName, mode: RunMode): Promise<void> {
    setPreviewed(undefined);
    setRefusal("");
    setAsking(name);
    try {
      await startRun(asked(clientId.value, range.value, name, mode));
    } catch (error) {
      setRefusal(refusedInWords(error));
    } finally {
      setAsking(undefined);
    }
  }

  function press(name: ButtonName): void {
    if (skipsPreview.value) void start(name, RunMode.PENDING);
    else setPreviewed(name);
  }

  return (
    <>
      <div class="page-head">
        <div>
          <h1>{t().title}</h1>
          <p class="soft">{days(range.value.start, range.value.end)}</p>
        </div>
        <RangeChoice />
      </div>
      {refusal && (
        <Notice tone="bad">
          <span>{refusal}</span>
          <span><button type="button" class="button small" onClick={() => setRefusal("")}>{t().close}</button></span>
        </Notice>
      )}
      <div class="panel">
        <div class="column">
          <Card title={t().stages} aside={<AllStages asking={asking === "all"} onPress={press} />}>
            <Stages asking={asking} onPress={press} />
          </Card>
          <Failures />
        </div>
        <div class="column">
          <CurrentRun onRefusal={setRefusal} />
          <BellCard />
        </div>
      </div>
      <Announcer />
      {previewed !== undefined && (
        <PreviewDialog name={previewed} onStart={(mode) => void start(previewed, mode)} onClose={() => setPreviewed(undefined)} />
      )}
    </>
  );
}
