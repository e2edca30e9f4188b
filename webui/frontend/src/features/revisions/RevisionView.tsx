/** One revision: its code, its message, and what the gate found in it. */
import { useSignal } from "@preact/signals";
import { type ReconcilerDetail, type RevisionWithSource, reconcilerPath } from "../../core/api";
import { useResource } from "../../core/resource";
import { toReconciler } from "../../core/router";
import { Age, Badge, Findings, Loading, Trouble } from "../../ui/bits";
import { Source } from "../../ui/Source";
import { ActDialog } from "./ActDialog";
import { Decide } from "./RevisionsTab";

export function RevisionView({
  detail,
  reload,
  number,
}: {
  detail: ReconcilerDetail;
  reload: () => void;
  number: number;
}) {
  const path = reconcilerPath(detail.namespace, detail.name);
  const { data, error } = useResource<RevisionWithSource>(`${path}/revisions/${number}`).state.value;
  const act = useSignal<"activate" | "rollback" | null>(null);
  const to = (...parts: (string | number)[]) => toReconciler(detail.namespace, detail.name, ...parts);

  if (error) return <Trouble error={error} what={`revision ${number}`} />;
  if (!data) return <Loading what={`revision ${number}`} />;
  return (
    <div class="stack">
      <div class="filters">
        <h2>Revision {data.number}</h2>
        {data.number === detail.active?.revision && <Badge tone="good">Active</Badge>}
        <span class="grow" />
        {data.number > 1 && <a href={to("revisions", data.number - 1, "diff", data.number)}>What it changed</a>}
        <a href={`${to("editor")}?revision=${data.number}`}>Edit from here</a>
        <Decide
          detail={detail}
          number={data.number}
          onAct={(kind) => {
            act.value = kind;
          }}
        />
      </div>
      <div class="sheet pad">
        <dl class="pairs">
          <dt>Message</dt>
          <dd>{data.message}</dd>
          <dt>Author</dt>
          <dd>{data.author}</dd>
          <dt>Saved</dt>
          <dd>
            <Age of={data.created_at} /> ago
          </dd>
          <dt>SHA-256</dt>
          <dd class="mono">{data.sha256}</dd>
          <dt>Checked by</dt>
          <dd>policy {data.policy_version}</dd>
        </dl>
      </div>
      {data.report.length > 0 && (
        <section class="sheet" aria-label="Findings">
          <Findings items={data.report} />
        </section>
      )}
      <section class="sheet" aria-label="Code">
        <Source text={data.source} />
      </section>
      {act.value && (
        <ActDialog
          kind={act.value}
          revision={number}
          detail={detail}
          onClose={() => {
            act.value = null;
          }}
          onDone={() => {
            act.value = null;
            reload();
          }}
        />
      )}
    </div>
  );
}
