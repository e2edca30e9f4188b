/** The stored versions: who wrote which, what changed between any two, and one click back to an older one. */
import { useSignal } from "@preact/signals";
import { type ReconcilerDetail, type Revision, reconcilerPath } from "../../core/api";
import { usePaged } from "../../core/paged";
import { navigate, toReconciler } from "../../core/router";
import { Age, Badge, Empty, Loading, Note, Trouble } from "../../ui/bits";
import { IconPlay, IconUndo } from "../../ui/icons";
import type { TabProps } from "../reconcilers/ReconcilerPage";
import { ActDialog } from "./ActDialog";
import { RevisionDiffView } from "./RevisionDiffView";
import { RevisionView } from "./RevisionView";

const NUMBER = /^[1-9]\d{0,9}$/;

/** `…/revisions`, `…/revisions/7`, `…/revisions/6/diff/7`. */
export function RevisionsTab({ detail, reload, rest }: TabProps) {
  const [a, word, b] = rest;
  if (a && NUMBER.test(a)) {
    if (word === "diff" && b && NUMBER.test(b)) return <RevisionDiffView detail={detail} a={Number(a)} b={Number(b)} />;
    return <RevisionView detail={detail} reload={reload} number={Number(a)} />;
  }
  return <List detail={detail} reload={reload} />;
}

function List({ detail, reload }: { detail: ReconcilerDetail; reload: () => void }) {
  const path = reconcilerPath(detail.namespace, detail.name);
  // A new number in the detail is a reason to look again; no poll of its own.
  const list = usePaged<Revision>(`${path}/revisions?limit=50`, (item) => item.number, 5000);
  const act = useSignal<{ kind: "activate" | "rollback"; revision: number } | null>(null);
  const pair = useSignal<number[]>([]);
  const below = (...parts: (string | number)[]) => toReconciler(detail.namespace, detail.name, "revisions", ...parts);

  const pick = (number: number, on: boolean) => {
    const others = pair.value.filter((n) => n !== number);
    pair.value = on ? [...others.slice(-1), number] : others;
  };
  const compare = () => {
    const [a, b] = pair.value.toSorted((x, y) => x - y);
    if (a !== undefined && b !== undefined) void navigate(below(a, "diff", b));
  };

  if (list.loading) return <Loading what="revisions" />;
  if (list.error && list.items.length === 0) return <Trouble error={list.error} what="revisions" />;
  if (list.items.length === 0) {
    return (
      <Empty title="No revision is saved yet">
        <p>
          <a href={toReconciler(detail.namespace, detail.name, "editor")}>Write the first one in the editor</a>
        </p>
      </Empty>
    );
  }
  return (
    <>
      <div class="filters">
        <span class="quiet small">Choose two revisions to compare them.</span>
        <span class="grow" />
        <button type="button" onClick={compare} disabled={pair.value.length !== 2}>
          Compare
        </button>
      </div>
      <div class="sheet">
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span class="sr">Compare</span>
              </th>
              <th scope="col">Revision</th>
              <th scope="col">Message</th>
              <th scope="col">Author</th>
              <th scope="col">Saved</th>
              <th scope="col">
                <span class="sr">What can be done</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.items.map((item) => (
              <tr key={item.number}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Compare revision ${item.number}`}
                    checked={pair.value.includes(item.number)}
                    onChange={(event) => pick(item.number, event.currentTarget.checked)}
                  />
                </td>
                <td class="nowrap">
                  <a class="strong" href={below(item.number)}>
                    #{item.number}
                  </a>{" "}
                  {item.number === detail.active?.revision && <Badge tone="good">Active</Badge>}
                </td>
                <td class="message">
                  {item.message}
                  {item.report.length > 0 && <span class="quiet small"> ({item.report.length} findings)</span>}
                </td>
                <td>{item.author}</td>
                <td>
                  <Age of={item.created_at} />
                </td>
                <td class="tools">
                  <Decide
                    detail={detail}
                    number={item.number}
                    onAct={(kind) => {
                      act.value = { kind, revision: item.number };
                    }}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {list.error && <Trouble error={list.error} what="older revisions" />}
      {list.more && (
        <p class="more">
          <button type="button" onClick={list.more}>
            Older revisions
          </button>
        </p>
      )}
      {!detail.rights.activate && (
        <p class="quiet small more">
          Activating and rolling back need the right <code>update</code> on <code>reconcilers/activation</code> here.
        </p>
      )}
      {detail.active?.kind === "fallback" && (
        <Note tone="warn">
          Revision {detail.active.revision} runs because a newer one could not start: {detail.active.reason}
        </Note>
      )}
      {act.value && (
        <ActDialog
          kind={act.value.kind}
          revision={act.value.revision}
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
    </>
  );
}

interface DecideProps {
  detail: ReconcilerDetail;
  number: number;
  onAct: (kind: "activate" | "rollback") => void;
}

/** Newer than the active one is an activation, older a rollback. */
export function Decide({ detail, number, onAct }: DecideProps) {
  const active = detail.active?.revision ?? null;
  if (number === active || !detail.rights.activate) return null;
  const kind = active !== null && number < active ? "rollback" : "activate";
  return (
    <button type="button" class="small" onClick={() => onAct(kind)}>
      {kind === "rollback" ? <IconUndo /> : <IconPlay />} {kind === "rollback" ? "Roll back to" : "Activate"} #{number}
    </button>
  );
}
