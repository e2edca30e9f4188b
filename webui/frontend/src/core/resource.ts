/** Something loaded from the server and kept fresh: on a timer while the page is seen, and after a lost connection. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { connection, get, NoAnswer, Refusal } from "./http";

/** Refusals that say nothing about the thing asked for. */
const PASSING = new Set([429, 500, 503]);

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
  const shown = useRef(path);
  const back = connection.value.back;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `back` is not read; a recovered connection is a reason to load
  useEffect(() => {
    if (shown.current !== path) {
      shown.current = path;
      state.value = { data: undefined, error: undefined, loading: path !== null };
    }
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
        // What was there stays readable, and what is being written stays open, unless the answer is about this thing:
        // a lost connection and an ended session are said elsewhere, and loading begins again after either.
        const { data } = state.peek();
        const elsewhere = error instanceof NoAnswer || (error instanceof Refusal && error.status === 401);
        const passing = elsewhere || (error instanceof Refusal && PASSING.has(error.status));
        state.value = {
          data: passing ? data : undefined,
          error: elsewhere && data !== undefined ? undefined : (error as Error),
          loading: false,
        };
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
    };
  }, [path, every, back]);

  return { state, reload: () => again.current() };
}
