// The clients and what their runs are made with.

import type { Client } from "@potok/web/gen/potok/coordinator/v1/run_pb.ts";
import { Plus } from "lucide";
import { coordinator } from "../shell/api.ts";
import { usePages } from "../shell/paging.ts";
import { go, href, segments } from "../shell/router.ts";
import { Icon } from "../ui/icon.tsx";
import { Answered, AsOf, Card, Empty } from "../ui/parts.tsx";
import { ClientForm } from "./client_form.tsx";
import { t } from "./texts.ts";

/** No client can have this id, since ids have no blanks. */
const NEW = "new client";

export function Clients() {
  const pages = usePages(
    async (pageToken, signal) => {
      const found = await coordinator.listClients({ pageSize: 100, pageToken }, { signal });
      return { items: found.clients, next: found.nextPageToken };
    },
    [],
  );
  const shown = segments.value[2];
  const back = () => {
    pages.answer.again();
    go(href("admin", "clients"));
  };
  return (
    <Answered answer={pages.answer}>
      {(clients) => {
        const chosen = clients.find((each) => each.clientId === shown);
        return (
          <>
            {(chosen || shown === NEW) && <ClientForm key={shown} client={chosen} onDone={back} />}
            <Card
              title={t().tabs.clients}
              aside={
                <div class="row">
                  <AsOf time={pages.answer.asOf} />
                  <a class="button primary" href={href("admin", "clients", NEW)}><Icon of={Plus} />{t().newClient}</a>
                </div>
              }
              flush
            >
              {clients.length === 0 ? <Empty>{t().none}</Empty> : <Table clients={clients} shown={shown} />}
              {pages.more && (
                <p class="card-text">
                  <button type="button" class="button" disabled={pages.asking} onClick={pages.more}>{t().more}</button>
                </p>
              )}
            </Card>
          </>
        );
      }}
    </Answered>
  );
}

function Table({ clients, shown }: { clients: readonly Client[]; shown: string | undefined }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t().tabs.clients}>
      <table>
        <thead>
          <tr>
            {[t().client, t().source, t().timeZone, t().playbook, t().language].map((each) => <th key={each}>{each}</th>)}
            <th class="number">{t().weight}</th>
            <th><span class="visually-hidden">{t().edit}</span></th>
          </tr>
        </thead>
        <tbody>
          {clients.map(({ clientId, settings }) => (
            <tr key={clientId} aria-current={clientId === shown ? "true" : undefined}>
              <td><strong>{clientId}</strong></td>
              <td class="mono">{settings?.source}</td>
              <td>{settings?.timeZone}</td>
              <td>{settings?.playbook}</td>
              <td>{settings?.language}</td>
              <td class="number">{settings?.weight}</td>
              <td class="number">
                <a class="button small" href={href("admin", "clients", clientId)} aria-label={`${t().edit}: ${clientId}`}>{t().edit}</a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
