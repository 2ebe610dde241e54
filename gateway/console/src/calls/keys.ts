// The keys of the player, wherever on the page one is, but for where a key means something else.

import { useEffect } from "preact/hooks";
import { type Sound, STEP } from "./sound.ts";

const TYPING = "input, select, textarea, [contenteditable], dialog";
const PRESSED_BY_SPACE = `${TYPING}, button, a, summary`;

/** `sound` is undefined where there is nothing to be heard. */
export function useKeys(sound: Sound | undefined): void {
  useEffect(() => {
    if (!sound) return undefined;
    const { toggle, step } = sound;
    function onKeyDown(event: KeyboardEvent): void {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
      const place = event.target as Element;
      if (event.key === " " && !place.closest(PRESSED_BY_SPACE)) toggle();
      else if (event.key === "ArrowLeft" && !place.closest(TYPING)) step(-STEP);
      else if (event.key === "ArrowRight" && !place.closest(TYPING)) step(STEP);
      else return;
      event.preventDefault();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [sound]);
}
