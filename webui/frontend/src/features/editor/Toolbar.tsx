/** Where the text stands (new, on which revision, which one runs) and the two steps onward. */
import type { ReconcilerDetail } from "../../core/api";
import { toReconciler } from "../../core/router";
import { Badge } from "../../ui/bits";
import { IconPlay } from "../../ui/icons";

interface Props {
  detail: ReconcilerDetail;
  base: number | null;
  dirty: boolean;
  keptAt: number | null;
  onSave: () => void;
  onActivate: (revision: number) => void;
}

export function Toolbar({ detail, base, dirty, keptAt, onSave, onActivate }: Props) {
  const { newest, active, rights } = detail;
  const active_ = active?.revision ?? null;
  const link = (number: number) => toReconciler(detail.namespace, detail.name, "revisions", number);
  return (
    <div class="toolbar">
      <span>
        {base === null ? (
          "New code"
        ) : (
          <>
            On <a href={link(base)}>revision {base}</a>
          </>
        )}
      </span>
      {dirty ? (
        <Badge tone="warn">{keptAt === null ? "Unsaved" : "Unsaved, kept in this browser"}</Badge>
      ) : (
        base !== null && base === active_ && <Badge tone="good">Active</Badge>
      )}
      {active_ !== null && active_ !== base && (
        <span class="quiet">
          Running: <a href={link(active_)}>revision {active_}</a>
        </span>
      )}
      {active_ === null && <span class="quiet">Nothing is active</span>}
      <span class="grow" />
      {newest !== null && newest !== active_ && rights.activate && (
        <button type="button" onClick={() => onActivate(newest)}>
          <IconPlay /> Activate #{newest}…
        </button>
      )}
      <button
        type="button"
        class="primary"
        onClick={onSave}
        disabled={!rights.save || !(dirty || base === null)}
        title={rights.save ? "Ctrl+Shift+Enter" : "Needs the right update on reconcilers/code"}
      >
        Save…
      </button>
    </div>
  );
}
