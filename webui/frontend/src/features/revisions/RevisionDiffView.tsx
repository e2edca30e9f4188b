/** What changed between two revisions, at an address of its own. */
import { type ReconcilerDetail, type RevisionDiff, reconcilerPath } from "../../core/api";
import { parseUnified } from "../../core/diff";
import { useResource } from "../../core/resource";
import { toReconciler } from "../../core/router";
import { Loading, Trouble } from "../../ui/bits";
import { DiffView } from "../../ui/DiffView";

export function RevisionDiffView({ detail, a, b }: { detail: ReconcilerDetail; a: number; b: number }) {
  const path = reconcilerPath(detail.namespace, detail.name);
  const { data, error } = useResource<RevisionDiff>(`${path}/revisions/${a}/diff/${b}`).state.value;
  const below = (...parts: (string | number)[]) => toReconciler(detail.namespace, detail.name, "revisions", ...parts);
  return (
    <>
      <div class="filters">
        <h2>
          From <a href={below(a)}>revision {a}</a> to <a href={below(b)}>revision {b}</a>
        </h2>
        <span class="grow" />
        <a href={below(b, "diff", a)}>The other way round</a>
        <a href={below()}>All revisions</a>
      </div>
      {error && <Trouble error={error} what="this difference" />}
      {!data && !error && <Loading what="the difference" />}
      {data && (
        <div class="tall">
          <DiffView rows={parseUnified(data.diff)} label={`revision ${a} to ${b}`} />
        </div>
      )}
    </>
  );
}
