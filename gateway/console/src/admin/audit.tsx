// Who did what, newest first: of the system, of accounts, and of what the selected client has.

import type { AuditEntry } from "@potok/web/gen/potok/status/v1/audit_pb.ts";
import { useState } from "preact/hooks";
import { accounts, coordinator, recommendations, recordings, transcription } from "../shell/api.ts";
import { moment, UNKNOWN } from "../shell/formats.ts";
import { type Page, usePages } from "../shell/paging.ts";
import { clients } from "../shell/selection.ts";
import { actionName } from "../shell/words.ts";
import { Control } from "../ui/form.tsx";
import { Answered, AsOf, Card, Empty } from "../ui/parts.tsx";
import { t } from "./texts.ts";

type Source = "system" | "accounts" | "recommendations" | "recordings" | "transcripts";
interface Asked {
  clientId: string;
  runId: string;
  pageToken: string;
}
type Ask = (asked: Asked, signal?: AbortSignal) => Promise<{ entries: AuditEntry[]; nextPageToken: string }>;

const SIZE = 100;
const ASK: Record<Source, Ask> = {
  system: ({ clientId, runId, pageToken }, signal) =>
    coordinator.listAuditEntries({ clientId, runId, pageSize: SIZE, pageToken }, { signal }),
  accounts: ({ pageToken }, signal) => accounts.listAccountAudit({ pageSize: SIZE, pageToken }, { signal }),
  recommendations: ({ clientId, pageToken }, signal) =>
    recommendations.listRecommendationAudit({ owner: `client:${clientId}`, pageSize: SIZE, pageToken }, { signal }),
  recordings: ({ clientId, pageToken }, signal) =>
    recordings.listRecordingAudit({ owner: `client:${clientId}`, pageSize: SIZE, pageToken }, { signal }),
  transcripts: ({ clientId, pageToken }, signal) =>
    transcription.listTranscriptAudit({ owner: `client:${clientId}`, pageSize: SIZE, pageToken }, { signal }),
};
const SOURCES = Object.keys(ASK) as Source[];
const OF_A_CLIENT: readonly Source[] = ["recommendations", "recordings", "transcripts"];
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function Audit() {
  const [source, setSource] = useState<Source>("system");
  const [client, setClient] = useState("");
  const [run, setRun] = useState("");
  const [text, setText] = useState("");
  const known = clients.value ?? [];
  const ofClient = OF_A_CLIENT.includes(source);
  const clientId = ofClient ? client || (known[0]?.clientId ?? "") : source === "system" ? client : "";
  const runId = source === "system" && RUN_ID.test(run.trim()) ? run.trim() : "";
  const pages = usePages<AuditEntry>(
    async (pageToken, signal): Promise<Page<AuditEntry>> => {
      if (ofClient && !clientId) return { items: [], next: "" };
      const found = await ASK[source]({ clientId, runId, pageToken }, signal);
      return { items: found.entries, next: found.nextPageToken };
    },
    [source, clientId, runId],
  );
  return (
    <>
      <div class="form">
        <Control label={t().source_}>
          {(bound) => (
            <select {...bound} value={source} onChange={(event) => setSource(event.currentTarget.value as Source)}>
              {SOURCES.map((each) => <option key={each} value={each}>{t().sources[each]}</option>)}
            </select>
          )}
        </Control>
        {source !== "accounts" && (
          <Control label={t().onlyClient}>
            {(bound) => (
              <select {...bound} value={clientId} onChange={(event) => setClient(event.currentTarget.value)}>
                {!ofClient && <option value="">{t().everyClient}</option>}
                {known.map((each) => <option key={each.clientId} value={each.clientId}>{each.clientId}</option>)}
              </select>
            )}
          </Control>
        )}
        {source === "system" && (
          <Control label={t().run}>
            {(bound) => (
              <input {...bound} placeholder={t().runHelp} spellcheck={false} value={run} onInput={(event) => setRun(event.currentTarget.value)} />
            )}
          </Control>
        )}
        <Control label={t().find}>
          {(bound) => <input {...bound} type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />}
        </Control>
      </div>
      <Answered answer={pages.answer}>
        {(loaded) => {
          const shown = loaded.filter((each) => matches(each, text));
          return (
            <Card
              title={t().tabs.audit}
              aside={<span class="as-of">{t().shown(shown.length, loaded.length)} · <AsOf time={pages.answer.asOf} /></span>}
              flush
            >
              {shown.length === 0 ? <Empty>{loaded.length ? t().noneFound : t().none}</Empty> : <Entries entries={shown} />}
              {pages.more && (
                <p class="card-text">
                  <button type="button" class="button" disabled={pages.asking} onClick={pages.more}>{t().more}</button>
                </p>
              )}
            </Card>
          );
        }}
      </Answered>
    </>
  );
}

function matches(entry: AuditEntry, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return [entry.actor, actionName(entry.action), entry.owner, entry.subject, entry.detail].some((each) =>
    each.toLowerCase().includes(wanted)
  );
}

function Entries({ entries }: { entries: readonly AuditEntry[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t().tabs.audit}>
      <table class="audit">
        <thead>
          <tr>{[t().time, t().actor, t().action, t().subject, t().detail].map((each) => <th key={each}>{each}</th>)}</tr>
        </thead>
        <tbody>
          {entries.map((each, index) => (
            <tr key={index}>
              <td>{moment(each.time)}</td>
              <td><strong>{each.actor}</strong></td>
              <td>{actionName(each.action)}</td>
              <td>
                {each.owner && <span>{each.owner} </span>}
                <span class="mono soft">{each.subject || UNKNOWN}</span>
              </td>
              <td class="soft">{each.detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
