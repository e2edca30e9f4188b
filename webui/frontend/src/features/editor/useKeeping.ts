/** Keeps unsaved text in the browser while it is written, and forgets it once it is saved. */
import { type ReadonlySignal, type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { forget, keep } from "../../core/kept";
import { announce } from "../../ui/bits";

const AFTER_MS = 300;

interface Input {
  user: string;
  namespace: string;
  name: string;
  text: Signal<string>;
  base: Signal<{ number: number | null; text: string | null }>;
  dirty: ReadonlySignal<boolean>;
}

export interface Keeping {
  /** When it was last kept, in ms; null while nothing is. */
  at: Signal<number | null>;
  /** The browser would not keep it. */
  failed: Signal<boolean>;
  now: () => void;
}

export function useKeeping({ user, namespace, name, text, base, dirty }: Input): Keeping {
  const at = useSignal<number | null>(null);
  const failed = useSignal(false);
  const write = useRef(() => {});

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let first = true;
    write.current = () => {
      clearTimeout(timer);
      if (dirty.peek()) {
        const kept = keep(user, namespace, name, text.peek(), base.peek().number);
        failed.value = !kept;
        at.value = kept ? Date.now() : null;
      } else {
        forget(user, namespace, name);
        failed.value = false;
        at.value = null;
      }
    };
    const later = () => {
      // The first call is the subscription itself: nothing was typed.
      if (first) return;
      clearTimeout(timer);
      timer = setTimeout(() => write.current(), AFTER_MS);
    };
    const stops = [text.subscribe(later), base.subscribe(later)];
    first = false;
    const leave = () => write.current();
    addEventListener("pagehide", leave);
    return () => {
      for (const stop of stops) stop();
      removeEventListener("pagehide", leave);
      write.current();
    };
  }, [user, namespace, name, text, base, dirty, at, failed]);

  return {
    at,
    failed,
    now: () => {
      write.current();
      announce(failed.value ? "The text could not be kept" : "The text is kept in this browser");
    },
  };
}
