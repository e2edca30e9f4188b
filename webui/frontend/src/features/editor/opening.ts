/** What the editor opens with: the newest revision (or the one asked for), or the text its reader left unsaved. */
import { useEffect, useState } from "preact/hooks";
import { type ReconcilerDetail, type RevisionWithSource, reconcilerPath } from "../../core/api";
import { get } from "../../core/http";
import { type Kept, recall } from "../../core/kept";
import { starter } from "./starter";

export interface Opening {
  /** What stands in the editor. */
  text: string;
  /** The newest revision its author has seen, and its code: what a save is compared with. */
  base: number | null;
  baseText: string | null;
  /** What would stand there without kept text, and where that is from. */
  clean: string;
  from: number | null;
  restored: Kept | null;
}

export function useOpening(detail: ReconcilerDetail, user: string, asked: number | null): Opening | Error | null {
  const [opening, setOpening] = useState<Opening | Error | null>(null);
  const { namespace, name, newest } = detail;
  const kind = detail.spec.watch?.kind;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a newer revision must not replace what is being edited
  useEffect(() => {
    const stop = new AbortController();
    const load = async (number: number) =>
      (await get<RevisionWithSource>(`${reconcilerPath(namespace, name)}/revisions/${number}`, stop.signal)).source;
    open({ newest, asked, kind, kept: recall(user, namespace, name), load })
      .then(setOpening)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) setOpening(error as Error);
      });
    return () => {
      stop.abort();
      setOpening(null);
    };
  }, [namespace, name, user, asked]);

  return opening;
}

interface Sources {
  newest: number | null;
  asked: number | null;
  kind: string | undefined;
  kept: Kept | null;
  load: (number: number) => Promise<string>;
}

async function open({ newest, asked, kind, kept, load }: Sources): Promise<Opening> {
  const newestText = newest === null ? null : await load(newest);
  const from = asked ?? newest;
  const clean = from === null ? starter(kind) : from === newest && newestText !== null ? newestText : await load(from);
  if (kept && kept.text !== clean && kept.text !== newestText) {
    const baseText = kept.base === null ? null : kept.base === newest ? newestText : await load(kept.base);
    return { text: kept.text, base: kept.base, baseText, clean, from, restored: kept };
  }
  return { text: clean, base: newest, baseText: newestText, clean, from, restored: null };
}
