// Runs: all of the client's, or one.

import "../panel/panel.css";
import "./runs.css";
import { texts } from "../shell/language.ts";
import { segments } from "../shell/router.ts";
import { EventLog } from "./event_log.tsx";
import { RunList } from "./list.tsx";
import { RunPage } from "./run.tsx";

const t = texts({ ru: { title: "Запуски и события" }, en: { title: "Runs and events" } });

export default function Page() {
  const runId = segments.value[1];
  if (runId) return <RunPage key={runId} runId={runId} />;
  return (
    <>
      <div class="page-head"><h1>{t().title}</h1></div>
      <RunList />
      <EventLog />
    </>
  );
}
