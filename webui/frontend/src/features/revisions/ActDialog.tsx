/** Deciding which code runs: an activation or a rollback. Both want a reason, and both may be refused in words. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { type Activation, type Diagnostic, type ReconcilerDetail, reconcilerPath } from "../../core/api";
import { call, explain, Intent, Refusal, SLOW_MS } from "../../core/http";
import { announce, Field, Findings, Note } from "../../ui/bits";
import { Dialog } from "../../ui/Dialog";

interface Props {
  kind: "activate" | "rollback";
  detail: ReconcilerDetail;
  revision: number;
  onClose: () => void;
  onDone: (activation: Activation) => void;
}

const WORDS = {
  activate: {
    title: (n: number) => `Activate revision ${n}`,
    button: "Activate",
    busy: "Checking it and warming it up in the cage…",
    why: "Why should this revision run?",
  },
  rollback: {
    title: (n: number) => `Roll back to revision ${n}`,
    button: "Roll back",
    busy: "Rolling back…",
    why: "Why go back?",
  },
};

export function ActDialog({ kind, detail, revision, onClose, onDone }: Props) {
  const reason = useSignal("");
  const busy = useSignal(false);
  const refusal = useSignal<Error | null>(null);
  /** What the person saw active when the dialog opened; a poll behind it must not change what they agreed to. */
  const expected = useSignal<number | null>(detail.active?.revision ?? null);
  const intent = useRef(new Intent()).current;
  const words = WORDS[kind];

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value || !reason.value.trim()) return;
    busy.value = true;
    refusal.value = null;
    const path = reconcilerPath(detail.namespace, detail.name);
    try {
      const answer =
        kind === "activate"
          ? call<Activation>("POST", `${path}/activations`, {
              body: { revision, reason: reason.value.trim(), expected: expected.value },
              intent,
              timeout: SLOW_MS,
            })
          : call<Activation>("POST", `${path}/rollback`, {
              body: { to: revision, reason: reason.value.trim() },
              intent,
              timeout: SLOW_MS,
            });
      const { body } = await answer;
      announce(kind === "activate" ? `Revision ${revision} is active` : `Rolled back to revision ${revision}`);
      onDone(body);
    } catch (error) {
      refusal.value = error as Error;
    } finally {
      busy.value = false;
    }
  };

  return (
    <Dialog title={words.title(revision)} onClose={onClose} busy={busy.value}>
      <form onSubmit={submit}>
        <p class="quiet">
          {expected.value === null
            ? "No revision is active yet. "
            : expected.value === revision
              ? `Revision ${revision} is active already. `
              : `Revision ${expected.value} is active now. `}
          Every {detail.spec.watch?.kind ?? "object"} runs again on revision {revision}, as the ServiceAccount{" "}
          <code>{detail.spec.serviceAccountName}</code>.
        </p>
        <Field
          label={words.why}
          hint="Kept in the audit trail, with your name."
          value={reason.value}
          onInput={(value) => {
            reason.value = value;
          }}
          required
          autofocus
        />
        {refusal.value && (
          <Refused
            error={refusal.value}
            onAccept={(active) => {
              expected.value = active;
              refusal.value = null;
            }}
          />
        )}
        <p class="actions">
          {busy.value && (
            <span class="quiet away" role="status">
              {words.busy}
            </span>
          )}
          <button type="button" onClick={onClose} disabled={busy}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy.value || !reason.value.trim()}>
            {words.button}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

function Refused({ error, onAccept }: { error: Error; onAccept: (active: number | null) => void }) {
  if (!(error instanceof Refusal)) {
    return <Note tone="bad">{explain(error)} Whether it happened is not known; trying again is safe.</Note>;
  }
  const details = error.details as { active?: number | null; diagnostics?: Diagnostic[]; message?: string } | null;
  if (error.status === 409 && details && "active" in details) {
    const active = details.active ?? null;
    return (
      <Note tone="warn">
        <p>Somebody was quicker: {active === null ? "no revision" : `revision ${active}`} is active now.</p>
        <button type="button" class="small" onClick={() => onAccept(active)}>
          I have seen it, go on
        </button>
      </Note>
    );
  }
  return (
    <>
      <Note tone="bad">
        {error.status === 403 && <strong>You may not do this. </strong>}
        {error.message}
        {details?.message && details.message !== error.message && <p>{details.message}</p>}
      </Note>
      {details?.diagnostics && details.diagnostics.length > 0 && <Findings items={details.diagnostics} />}
    </>
  );
}
