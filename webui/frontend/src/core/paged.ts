/** A list that pages by cursor: the first page is kept fresh, older ones are added on request. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Page } from "./api";
import { get } from "./http";
import { useResource } from "./resource";

export interface Paged<T> {
  items: T[];
  loading: boolean;
  error: Error | undefined;
  /** Null when there is no more. */
  more: (() => void) | null;
  reload: () => void;
}

/** `id` tells items apart, so that what moves from the fresh page to the older ones isn't shown twice. */
export function usePaged<T>(path: string, id: (item: T) => string | number, every = 0): Paged<T> {
  const { state, reload } = useResource<Page<T>>(path, every);
  const older = useSignal<{ items: T[]; cursor: string | null } | null>(null);
  const failure = useSignal<Error | undefined>(undefined);
  const busy = useSignal(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins with another path
  useEffect(() => {
    older.value = null;
    failure.value = undefined;
  }, [path]);

  const { data, error, loading } = state.value;
  const first = data?.items ?? [];
  const known = new Set(first.map(id));
  const items = [...first, ...(older.value?.items.filter((item) => !known.has(id(item))) ?? [])];
  const cursor = older.value ? older.value.cursor : (data?.cursor ?? null);

  const more = async () => {
    if (busy.value || cursor === null) return;
    busy.value = true;
    try {
      const next = await get<Page<T>>(`${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`);
      // What the fresh page held when the next one was asked for stays shown when it moves on.
      const before = older.value?.items ?? first;
      older.value = { items: [...before, ...next.items], cursor: next.cursor };
    } catch (failed) {
      failure.value = failed as Error;
    } finally {
      busy.value = false;
    }
  };

  return {
    items,
    loading: loading && data === undefined,
    error: error ?? failure.value,
    more: cursor === null ? null : () => void more(),
    reload,
  };
}
