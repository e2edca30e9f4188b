/** Saving a revision: what changes, and a message for those who read it later. */
import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import {
  type Diagnostic,
  type ReconcilerDetail,
  type Revision,
  reconcilerPath,
  type SaveConflict,
} from "../../core/api";
import { diffTexts } from "../../core/diff";
import { call, explain, Intent, Refusal, SLOW_MS } from "../../core/http";
import { Field, Findings, Note } from "../../ui/bits";
import { Dialog } from "../../ui/Dialog";
import { DiffView } from "../../ui/DiffView";

interface Props {
  detail: ReconcilerDetail;
  text: string;
  base: number | null;
  baseText: string | null;
  onClose: () => void;
  onSaved: (revision: Revision, created: boolean) => void;
  onConflict: (conflict: SaveConflict, message: string) => void;
  onFinding: (finding: Diagnostic) => void;
  message: string;
}

export function SaveDialog(props: Props) {
  const { detail, text, base, baseText, onClose } = props;
  const message = useSignal(props.message);
  const busy = useSignal(false);
  const refusal = useSignal<Error | null>(null);
  const intent = useRef(new Intent()).current;
  const rows = useMemo(() => (baseText === null ? null : diffTexts(baseText, text)), [baseText, text]);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value || !message.value.trim()) return;
    busy.value = true;
    refusal.value = null;
    try {
      const { status, body } = await call<Revision>(
        "POST",
        `${reconcilerPath(detail.namespace, detail.name)}/revisions`,
        { body: { source: text, message: message.value.trim(), base }, intent, timeout: SLOW_MS },
      );
      props.onSaved(body, status === 201);
    } catch (error) {
      if (error instanceof Refusal && error.status === 409 && isConflict(error.details)) {
        props.onConflict(error.details, message.value);
        return;
      }
      refusal.value = error as Error;
    } finally {
      busy.value = false;
    }
  };

  const findings = findingsOf(refusal.value);
  return (
    <Dialog title="Save a revision" onClose={onClose} busy={busy.value} wide={rows !== null && rows.length > 0}>
      <form onSubmit={submit}>
        {rows && <DiffView rows={rows} label={`against revision ${base}`} />}
        <Field
          label="Message"
          hint="What this revision changes, and why. Saving activates nothing."
          value={message.value}
          onInput={(value) => {
            message.value = value;
          }}
          required
          autofocus
        />
        {refusal.value && (
          <Note tone="bad">
            {refusal.value instanceof Refusal && refusal.value.status === 403 && (
              <strong>You may not save here. </strong>
            )}
            {explain(refusal.value)}
            {!(refusal.value instanceof Refusal) && " Whether it was saved is not known; trying again is safe."}
          </Note>
        )}
        {findings.length > 0 && <Findings items={findings} onOpen={props.onFinding} />}
        <p class="actions">
          {busy.value && (
            <span class="quiet away" role="status">
              Checking and saving…
            </span>
          )}
          <button type="button" onClick={onClose} disabled={busy}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy.value || !message.value.trim()}>
            Save
          </button>
        </p>
      </form>
    </Dialog>
  );
}

function isConflict(details: unknown): details is SaveConflict {
  const found = details as Partial<SaveConflict> | null;
  return typeof found?.newest === "number" && typeof found.newest_source === "string";
}

function findingsOf(error: Error | null): Diagnostic[] {
  if (!(error instanceof Refusal)) return [];
  const details = error.details as { diagnostics?: unknown } | null;
  return Array.isArray(details?.diagnostics) ? (details.diagnostics as Diagnostic[]) : [];
}
