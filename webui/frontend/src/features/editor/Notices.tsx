/** What the writer should know before going on: restored text, a newer revision, a missing right. */
import { useSignal } from "@preact/signals";
import { type ReconcilerDetail, type RevisionWithSource, reconcilerPath } from "../../core/api";
import { explain, get } from "../../core/http";
import type { Kept } from "../../core/kept";
import { toReconciler } from "../../core/router";
import { Age, Note } from "../../ui/bits";

interface Props {
  detail: ReconcilerDetail;
  base: number | null;
  dirty: boolean;
  restored: Kept | null;
  saved: { number: number; created: boolean } | null;
  unkept: boolean;
  from: number | null;
  onActivate: (revision: number) => void;
  onDiscard: () => void;
  onTake: (number: number, source: string) => void;
}

export function Notices(props: Props) {
  const { detail, base, restored, saved, unkept } = props;
  const { newest, active, rights } = detail;
  const activatable = saved && rights.activate && saved.number !== active?.revision;
  return (
    <>
      {!rights.save && (
        <Note tone="info">
          You may read this code, not save it: that needs the right <code>update</code> on <code>reconcilers/code</code>
          .
        </Note>
      )}
      {unkept && <Note tone="bad">This browser would not keep your text. Save it before you leave.</Note>}
      {restored && (
        <Note tone="info">
          Your unsaved text from <Age of={restored.at} /> ago is back.{" "}
          <button type="button" class="link" onClick={props.onDiscard}>
            Discard it and show {props.from === null ? "the beginning" : `revision ${props.from}`}
          </button>
        </Note>
      )}
      {saved && (
        <Note tone="good">
          {saved.created
            ? `Saved as revision ${saved.number}.`
            : `Revision ${saved.number} has the same code: nothing new was stored.`}{" "}
          {activatable ? (
            <button type="button" class="link" onClick={() => props.onActivate(saved.number)}>
              Activate it…
            </button>
          ) : null}
        </Note>
      )}
      {newest !== null && (base ?? 0) < newest && !saved && <Newer {...props} newest={newest} />}
    </>
  );
}

function Newer({ detail, base, dirty, newest, onTake }: Props & { newest: number }) {
  const failure = useSignal("");
  const take = async () => {
    try {
      const path = `${reconcilerPath(detail.namespace, detail.name)}/revisions/${newest}`;
      onTake(newest, (await get<RevisionWithSource>(path)).source);
    } catch (error) {
      failure.value = explain(error);
    }
  };
  return (
    <Note tone="warn">
      Revision {newest} was saved meanwhile.{" "}
      {base !== null && (
        <a href={toReconciler(detail.namespace, detail.name, "revisions", base, "diff", newest)}>See what it changes</a>
      )}{" "}
      {dirty ? (
        "Saving shows both sides first."
      ) : (
        <button type="button" class="link" onClick={() => void take()}>
          Show it here
        </button>
      )}
      {failure.value && ` ${failure.value}`}
    </Note>
  );
}
