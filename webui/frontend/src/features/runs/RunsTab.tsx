/** The trail of runs: how each ended, who stopped it, why it ran, on which revision; open one for all of it. */
import { type ReconcilerDetail, type Run, reconcilerPath } from "../../core/api";
import { usePaged } from "../../core/paged";
import { query, setQuery, toReconciler } from "../../core/router";
import { duration } from "../../core/time";
import { Age, Empty, Loading, Outcome, Trouble } from "../../ui/bits";
import type { TabProps } from "../reconcilers/ReconcilerPage";
import { RunView } from "./RunView";

const OUTCOMES = [
  "Succeeded",
  "Retry",
  "Failed",
  "TimedOut",
  "OutOfMemory",
  "LimitExceeded",
  "Crashed",
  "CageViolation",
  "ProtocolViolation",
  "Rejected",
];

/** `…/runs?outcome=&object=` and `…/runs/ID`. */
export function RunsTab({ detail, rest }: TabProps) {
  const [id] = rest;
  return id ? <RunView detail={detail} id={id} /> : <List detail={detail} />;
}

function List({ detail }: { detail: ReconcilerDetail }) {
  const outcome = query.value.get("outcome") ?? "";
  const object = query.value.get("object") ?? "";
  const where = new URLSearchParams({ limit: "50" });
  if (outcome) where.set("outcome", outcome);
  if (object) where.set("object", object);
  const path = `${reconcilerPath(detail.namespace, detail.name)}/runs?${where}`;
  const list = usePaged<Run>(path, (run) => run.id, 3000);

  return (
    <>
      <div class="filters">
        <label class="inline">
          Outcome
          <select value={outcome} onChange={(event) => setQuery({ outcome: event.currentTarget.value })}>
            <option value="">All</option>
            {OUTCOMES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="inline">
          Object
          <input
            type="search"
            value={object}
            placeholder="Kind namespace/name"
            onChange={(event) => setQuery({ object: event.currentTarget.value.trim() })}
          />
        </label>
      </div>
      {list.loading && <Loading what="runs" />}
      {list.error && <Trouble error={list.error} what="runs" />}
      {!list.loading && !list.error && list.items.length === 0 && (
        <None detail={detail} filtered={!!(outcome || object)} />
      )}
      {list.items.length > 0 && <Rows detail={detail} runs={list.items} />}
      {list.more && (
        <p class="more">
          <button type="button" onClick={list.more}>
            Older runs
          </button>
        </p>
      )}
    </>
  );
}

function Rows({ detail, runs }: { detail: ReconcilerDetail; runs: Run[] }) {
  const to = (...parts: (string | number)[]) => toReconciler(detail.namespace, detail.name, ...parts);
  return (
    <div class="sheet">
      <table>
        <thead>
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col">Object</th>
            <th scope="col">Why it ran</th>
            <th scope="col">Message</th>
            <th scope="col" class="right">
              Revision
            </th>
            <th scope="col" class="right">
              Took
            </th>
            <th scope="col" class="right">
              Began
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td class="nowrap">
                <a href={to("runs", run.id)} aria-label={`${run.outcome}: open this run`}>
                  <Outcome name={run.outcome} />
                </a>
                {run.layer && <span class="quiet small"> {run.layer}</span>}
              </td>
              <td>{run.object}</td>
              <td>{run.reason}</td>
              <td class="message">{run.message || <span class="quiet">–</span>}</td>
              <td class="right">
                <a href={to("revisions", run.revision)}>#{run.revision}</a>
              </td>
              <td class="right number nowrap">{duration(run.duration_ms)}</td>
              <td class="right">
                <Age of={run.started_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function None({ detail, filtered }: { detail: ReconcilerDetail; filtered: boolean }) {
  if (filtered) {
    return (
      <Empty title="No run matches">
        <button type="button" class="link" onClick={() => setQuery({ outcome: "", object: "" })}>
          Show every run
        </button>
      </Empty>
    );
  }
  if (!detail.active) {
    return (
      <Empty title="Nothing has run yet">
        <p>No revision is active: save one in the editor and activate it.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has run yet">
      <p>
        Revision {detail.active.revision} is active and waits for a {detail.spec.watch?.kind ?? "watched object"} to be
        there.
      </p>
    </Empty>
  );
}
