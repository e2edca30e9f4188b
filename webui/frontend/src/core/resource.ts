/** Something loaded from the server and kept fresh: on a timer while the page is seen, and after a lost connection. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { connection, get, NoAnswer } from "./http";

export interface Resource<T> {
  /** The last good answer, kept while a newer one is on its way or failed. */
  data: T | undefined;
  error: Error | undefined;
  loading: boolean;
}

export interface Loaded<T> {
  state: Signal<Resource<T>>;
  reload: () => void;
}

/** `path` null: nothing to load yet. `every`: milliseconds between looks; 0 for once. */
export function useResource<T>(path: string | null, every = 0): Loaded<T> {
  const state = useSignal<Resource<T>>({ data: undefined, error: undefined, loading: path !== null });
  const again = useRef<() => void>(() => {});
  const back = connection.value.back;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `back` is not read; a recovered connection is a reason to load
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let busy = false;

    const load = async () => {
      clearTimeout(timer);
      if (busy) return;
      busy = true;
      state.value = { ...state.peek(), loading: true };
      try {
        const data = await get<T>(path, stop.signal);
        state.value = { data, error: undefined, loading: false };
      } catch (error) {
        if (stop.signal.aborted) return;
        // No answer has a banner of its own; what was there stays readable.
        const keep = error instanceof NoAnswer ? state.peek().data : undefined;
        state.value = { data: keep, error: error as Error, loading: false };
      } finally {
        busy = false;
      }
      if (every > 0 && !stop.signal.aborted) timer = setTimeout(tick, every);
    };
    const tick = () => {
      if (document.hidden) timer = setTimeout(tick, every);
      else void load();
    };
    again.current = () => void load();
    void load();
    return () => {
      stop.abort();
      clearTimeout(timer);
      state.value = { data: undefined, error: undefined, loading: true };
    };
  }, [path, every, back]);

  return { state, reload: () => again.current() };
}
