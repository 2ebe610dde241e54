// The settings of one client, each with what it is for and what was refused of it.

import type { Client } from "@potok/web/gen/potok/coordinator/v1/run_pb.ts";
import { useState } from "preact/hooks";
import { coordinator } from "../shell/api.ts";
import { useDoing } from "../shell/doing.ts";
import { loadClients } from "../shell/selection.ts";
import { type Bound, Control, onSubmit } from "../ui/form.tsx";
import { Card, Notice } from "../ui/parts.tsx";
import { formOf, SETTINGS, type SettingsForm, settingsOf } from "./client_settings.ts";
import { t } from "./texts.ts";

export function ClientForm({ client, onDone }: { client: Client | undefined; onDone: () => void }) {
  const [id, setId] = useState(client?.clientId ?? "");
  const [form, setForm] = useState(() => formOf(client?.settings));
  const doing = useDoing(SETTINGS);

  async function save() {
    const answer = await doing.run(() => coordinator.setClient({ client: { clientId: id.trim(), settings: settingsOf(form) } }));
    if (!answer) return;
    await loadClients();
    onDone();
  }

  const bind = (field: keyof SettingsForm, bound: Bound) => ({
    ...bound,
    name: field,
    value: form[field],
    onInput: (event: { currentTarget: { value: string } }) => setForm({ ...form, [field]: event.currentTarget.value }),
  });
  const text = (field: keyof SettingsForm, label: string, help: string, more: Record<string, unknown> = {}) => (
    <Control label={label} help={help} refusal={doing.fields[field]}>
      {(bound) => <input {...bind(field, bound)} autocomplete="off" spellcheck={false} {...more} />}
    </Control>
  );
  const side = (field: "left_incoming" | "left_outgoing", label: string, help: string) => (
    <Control label={label} help={help} refusal={doing.fields[field]}>
      {(bound) => (
        <select {...bind(field, bound)}>
          {(["", "operator", "client"] as const).map((each) => <option key={each} value={each}>{t().side[each]}</option>)}
        </select>
      )}
    </Control>
  );
  return (
    <Card title={client ? t().changeClient(client.clientId) : t().newClient}>
      <p class="soft small">{t().clientHint}</p>
      <form class="form" noValidate onSubmit={onSubmit(() => void save())}>
        {!client && (
          <Control label={t().clientId} help={t().clientIdHelp} refusal={doing.fields.client_id}>
            {(bound) => (
              <input {...bound} name="client_id" autocomplete="off" value={id} onInput={(event) => setId(event.currentTarget.value)} />
            )}
          </Control>
        )}
        {text("source", t().source, t().sourceHelp, { placeholder: "amocrm:clinic" })}
        {text("time_zone", t().timeZone, t().timeZoneHelp, { placeholder: "Europe/Moscow", list: "zones" })}
        {text("playbook", t().playbook, t().playbookHelp, { placeholder: "clinic" })}
        {text("language", t().language, t().languageHelp, { placeholder: "ru", maxLength: 2 })}
        {text("min_success_ratio", t().minSuccessRatio, t().minSuccessRatioHelp, { inputMode: "decimal" })}
        {text("weight", t().weight, t().weightHelp, { inputMode: "numeric", placeholder: "1" })}
        {side("left_incoming", t().leftIncoming, t().leftIncomingHelp)}
        {side("left_outgoing", t().leftOutgoing, t().leftOutgoingHelp)}
        <datalist id="zones">{Intl.supportedValuesOf("timeZone").map((each) => <option key={each} value={each} />)}</datalist>
        {doing.rest && <div class="wide"><Notice tone="bad">{doing.rest}</Notice></div>}
        <div class="row wide">
          <button type="submit" class="button primary" disabled={doing.busy}>
            {doing.busy ? t().saving : client ? t().save : t().createClient}
          </button>
          <button type="button" class="button quiet" onClick={onDone}>{t().cancel}</button>
        </div>
      </form>
    </Card>
  );
}
