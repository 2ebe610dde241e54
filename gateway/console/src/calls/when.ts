// When a call was: by the clock of the client, whose days the calls are counted by.

import { computed } from "@preact/signals";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { UNKNOWN } from "../shell/formats.ts";
import { language } from "../shell/language.ts";
import { clientId, clients } from "../shell/selection.ts";

const zone = computed(() => clients.value?.find((each) => each.clientId === clientId.value)?.settings?.timeZone);

const moments = computed(
  () => new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short", timeZone: zone.value }),
);
const times = computed(() => new Intl.DateTimeFormat(language.value, { timeStyle: "short", timeZone: zone.value }));

/** Day and time of day, where the client is. */
export function whenIn(time: Timestamp | undefined): string {
  return time ? moments.value.format(timestampDate(time)) : UNKNOWN;
}

/** The time of day, where the client is. */
export function timeIn(time: Timestamp | undefined): string {
  return time ? times.value.format(timestampDate(time)) : UNKNOWN;
}
