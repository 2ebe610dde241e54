// Which pages of one browser may have a stream open. By HTTP/1.1 a browser opens six connections to a host, and a stream
// holds one as long as it lives, so the seventh page would wait for ever. Pages that somebody sees have one, and of the
// hidden ones that which was hidden last, so that it can still tell when a long stage ends.

import { computed, signal } from "@preact/signals";

interface Claim {
  time: number;
  page: string;
}

const page = crypto.getRandomValues(new Uint32Array(2)).join("-"); // randomUUID wants TLS
const channel = new BroadcastChannel("potok.attention");

const isVisible = signal(document.visibilityState === "visible");
const isLastHidden = signal(true);

/** Whether this page may have a stream open. */
export const mayWatch = computed(() => isVisible.value || isLastHidden.value);

let own: Claim = { time: 0, page };

/** Says that this page is the one that was hidden last. */
function claim(): void {
  own = { time: Date.now(), page };
  isLastHidden.value = true;
  channel.postMessage(own);
}

channel.addEventListener("message", (event: MessageEvent<Claim>) => {
  const other = event.data;
  if (other.time > own.time || (other.time === own.time && other.page > own.page)) isLastHidden.value = false;
});

document.addEventListener("visibilitychange", () => {
  isVisible.value = document.visibilityState === "visible";
  if (!isVisible.value) claim();
});
if (!isVisible.value) claim();
