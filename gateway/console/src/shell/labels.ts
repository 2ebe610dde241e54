// The words of playbooks as people say them: what a call was about, how it ended, what there was to do.

import { language, texts } from "./language.ts";
import { clientId, clients } from "./selection.ts";
import titles from "./titles.json" with { type: "json" };

/** Where in a playbook a word stands. */
export type LabelKind = "call_types" | "outcomes" | "sentiments" | "objections" | "checklist" | "client_facts";

type Title = { ru?: string; en?: string };

const skills = texts<Record<string, string>>({
  ru: {
    claim_handling: "работа с претензией",
    complaint_handling: "работа с жалобой",
    confirmation: "подтверждение записи",
    contact: "установление контакта",
    data_collection: "сбор данных",
    follow_up: "следующий шаг",
    needs_discovery: "выявление потребности",
    next_step: "следующий шаг",
    objection_handling: "работа с возражениями",
    offer: "предложение",
    price_presentation: "презентация цены",
  },
  en: {
    claim_handling: "handling a claim",
    complaint_handling: "handling a complaint",
    confirmation: "confirming",
    contact: "making contact",
    data_collection: "taking details",
    follow_up: "next step",
    needs_discovery: "finding out needs",
    next_step: "next step",
    objection_handling: "answering objections",
    offer: "making an offer",
    price_presentation: "presenting the price",
  },
});

/** The title that the playbook of the selected client gives to a word; a word without one as it is, without underscores. */
export function labelTitle(kind: LabelKind, label: string): string {
  const playbook = clients.value?.find((each) => each.clientId === clientId.value)?.settings?.playbook || "clinic";
  const known = (titles as Record<string, Record<string, Record<string, Title>>>)[playbook]?.[kind]?.[label];
  return known?.[language.value] ?? known?.ru ?? spaced(label);
}

/** A skill as people say it. */
export function skillTitle(skill: string): string {
  return skills()[skill] ?? spaced(skill);
}

function spaced(label: string): string {
  return label.replaceAll("_", " ");
}
