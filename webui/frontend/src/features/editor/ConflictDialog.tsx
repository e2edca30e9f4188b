/** Somebody saved meanwhile: both sides side by side, and nothing happens to one's own text unasked. */
import { useMemo } from "preact/hooks";
import type { SaveConflict } from "../../core/api";
import { diffTexts } from "../../core/diff";
import { Note } from "../../ui/bits";
import { Dialog } from "../../ui/Dialog";
import { DiffView } from "../../ui/DiffView";

interface Props {
  conflict: SaveConflict;
  text: string;
  onClose: () => void;
  /** Go on with one's own text, knowing the newest revision. */
  onMine: () => void;
  /** Put the newest revision into the editor; one's own text is an undo away. */
  onTheirs: () => void;
}

export function ConflictDialog({ conflict, text, onClose, onMine, onTheirs }: Props) {
  const before = conflict.base_source ?? "";
  const mine = useMemo(() => diffTexts(before, text), [before, text]);
  const theirs = useMemo(() => diffTexts(before, conflict.newest_source), [before, conflict.newest_source]);
  const base = conflict.base === null ? "nothing" : `revision ${conflict.base}`;

  return (
    <Dialog title="Somebody saved before you" onClose={onClose} wide>
      <Note tone="warn">
        You began at {base}, and revision {conflict.newest} is the newest now. Your text is in the editor as you wrote
        it; nothing was saved.
      </Note>
      <div class="columns">
        <section aria-label="Your changes">
          <h3>What you changed</h3>
          <DiffView rows={mine} label={`since ${base}`} />
        </section>
        <section aria-label="Their changes">
          <h3>What revision {conflict.newest} changed</h3>
          <DiffView rows={theirs} label={`since ${base}`} />
        </section>
      </div>
      <p class="actions">
        <button type="button" class="away" onClick={onClose}>
          Back to the editor
        </button>
        <button type="button" onClick={onTheirs}>
          Take revision {conflict.newest} into the editor
        </button>
        <button type="button" class="primary" onClick={onMine}>
          Save mine on top of revision {conflict.newest}
        </button>
      </p>
    </Dialog>
  );
}
