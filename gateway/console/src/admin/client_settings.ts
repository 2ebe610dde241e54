// The settings of a client as a form has them. Pure.

import type { ClientSettings } from "@potok/web/gen/potok/status/v1/progress_pb.ts";

/** What stands in each control. */
export interface SettingsForm {
  source: string;
  time_zone: string;
  playbook: string;
  language: string;
  min_success_ratio: string;
  weight: string;
  left_incoming: string;
  left_outgoing: string;
}

/** The fields as the protos name them, which is how refusals name them. */
export const SETTINGS = [
  "client_id",
  "source",
  "time_zone",
  "playbook",
  "language",
  "min_success_ratio",
  "weight",
  "left_incoming",
  "left_outgoing",
] as const;

export function formOf(settings: ClientSettings | undefined): SettingsForm {
  return {
    source: settings?.source ?? "",
    time_zone: settings?.timeZone ?? "",
    playbook: settings?.playbook ?? "",
    language: settings?.language ?? "",
    min_success_ratio: settings ? String(settings.minSuccessRatio) : "0",
    weight: settings ? String(settings.weight) : "",
    left_incoming: settings?.leftIncoming ?? "",
    left_outgoing: settings?.leftOutgoing ?? "",
  };
}

/** Returns what is sent; what is no number is sent as 0, which is the default of the server. */
export function settingsOf(form: SettingsForm): Omit<ClientSettings, "$typeName" | "$unknown"> {
  return {
    source: form.source.trim(),
    timeZone: form.time_zone.trim(),
    playbook: form.playbook.trim(),
    language: form.language.trim(),
    minSuccessRatio: numberIn(form.min_success_ratio),
    weight: Math.trunc(numberIn(form.weight)),
    leftIncoming: form.left_incoming,
    leftOutgoing: form.left_outgoing,
  };
}

/** Reads a number with a point or a comma; 0 where it is none. */
export function numberIn(text: string): number {
  const value = Number(text.trim().replace(",", "."));
  return Number.isFinite(value) ? value : 0;
}
