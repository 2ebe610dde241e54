// The player of one call: its waveform by voices, and the controls.

import { useSignal } from "@preact/signals";
import { type IconNode, Link, Pause, Play, RotateCcw, RotateCw, Volume2, VolumeX } from "lucide";
import { clock, number } from "../shell/formats.ts";
import { withQuery } from "../shell/router.ts";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";
import { useReading } from "./reading.ts";
import { muted, speed, SPEEDS, STEP, volume } from "./sound.ts";

/** How long it is said that something was copied, in milliseconds. */
const SAID = 3_000;

export function Controls({ length }: { length: number }) {
  const { sound } = useReading();
  const playing = sound.playing.value;
  return (
    <div class="player-controls">
      <Step by={-STEP} name={t().back5} icon={RotateCcw} />
      <button
        type="button"
        class="play-button"
        aria-label={playing ? t().pause : t().play}
        title={playing ? t().pause : t().play}
        aria-busy={sound.waiting.value}
        onClick={sound.toggle}
      >
        <Icon of={playing ? Pause : Play} size={22} />
      </button>
      <Step by={STEP} name={t().forward5} icon={RotateCw} />
      <Time length={length} />
      <div class="player-speeds" role="group" aria-label={t().speed}>
        {SPEEDS.map((each) => (
          <button key={each} type="button" aria-pressed={speed.value === each} onClick={() => (speed.value = each)}>
            {number(each, 2)}×
          </button>
        ))}
      </div>
      <div class="player-volume">
        <button
          type="button"
          class="player-button"
          aria-label={muted.value ? t().unmute : t().mute}
          title={muted.value ? t().unmute : t().mute}
          onClick={() => (muted.value = !muted.value)}
        >
          <Icon of={muted.value ? VolumeX : Volume2} />
        </button>
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={muted.value ? 0 : volume.value}
          aria-label={t().volume}
          onInput={(event) => {
            volume.value = event.currentTarget.valueAsNumber;
            muted.value = false;
          }}
        />
      </div>
      <CopyLink />
      {sound.problem.value && (
        <Notice tone="bad">
          {t().cannotPlay} {sound.problem.value}
        </Notice>
      )}
    </div>
  );
}

function Step({ by, name, icon }: { by: number; name: string; icon: IconNode }) {
  const { sound } = useReading();
  return (
    <button type="button" class="player-button" aria-label={name} title={name} onClick={() => sound.step(by)}>
      <Icon of={icon} />
    </button>
  );
}

/** Copies the address of what is heard now; browsers let a page do so only over TLS, or on the same machine. */
function CopyLink() {
  const { sound } = useReading();
  const said = useSignal("");
  if (!navigator.clipboard) return null;

  async function copy(): Promise<void> {
    const address = new URL(withQuery({ t: sound.time.peek().toFixed(1) }), window.location.href).href;
    said.value = await navigator.clipboard.writeText(address).then(
      () => t().copied,
      () => t().notCopied,
    );
    setTimeout(() => (said.value = ""), SAID);
  }

  return (
    <>
      <button type="button" class="player-button" aria-label={t().copyLink} title={t().copyLink} onClick={copy}>
        <Icon of={Link} />
      </button>
      <span class="player-said small" role="status">{said}</span>
    </>
  );
}

function Time({ length }: { length: number }) {
  const { sound } = useReading();
  return (
    <span class="player-time">
      {clock(sound.time.value)} <span class="soft">/ {clock(length)}</span>
    </span>
  );
}
