// When a page should look again at once: the network is back, somebody looks, the computer has slept.

/** Fires `wake`. */
export const waking = new EventTarget();

const wake = () => waking.dispatchEvent(new Event("wake"));

window.addEventListener("online", wake);
window.addEventListener("offline", wake); // what is overdue by now will not come
window.addEventListener("pageshow", wake);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") wake();
});

/** Timers stand still while a computer sleeps, and its clock does not. */
const TICK = 1_000;
const SLEPT = 3_000;
let last = Date.now();
setInterval(() => {
  const now = Date.now();
  if (now - last > SLEPT) wake();
  last = now;
}, TICK);
