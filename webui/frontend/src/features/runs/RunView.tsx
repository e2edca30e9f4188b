/** One run: what was asked of it, what it did, and what it said. */
import { type ReconcilerDetail, type Run, reconcilerPath } from "../../core/api";
import { useResource } from "../../core/resource";
import { toReconciler } from "../../core/router";
import { bytes, duration, exact } from "../../core/time";
import { Loading, Note, Outcome, Trouble } from "../../ui/bits";

export function RunView({ detail, id }: { detail: ReconcilerDetail; id: string }) {
  const path = `${reconcilerPath(detail.namespace, detail.name)}/runs/${encodeURIComponent(id)}`;
  const { data: run, error } = useResource<Run>(path).state.value;
  const to = (...parts: (string | number)[]) => toReconciler(detail.namespace, detail.name, ...parts);

  if (error) return <Trouble error={error} what="this run" />;
  if (!run) return <Loading what="the run" />;
  return (
    <div class="stack">
      <div class="filters">
        <h2>{run.object}</h2>
        <Outcome name={run.outcome} />
        {run.layer && <span class="quiet">stopped by: {run.layer}</span>}
        <span class="grow" />
        <a href={`${to("runs")}?object=${encodeURIComponent(run.object)}`}>Runs of this object</a>
        <a href={to("runs")}>All runs</a>
      </div>
      {run.message && (
        <Note tone={run.outcome === "Succeeded" ? "calm" : run.outcome === "Retry" ? "warn" : "bad"}>
          {run.message}
        </Note>
      )}
      <div class="sheet pad">
        <dl class="pairs">
          <dt>Why it ran</dt>
          <dd>
            {run.reason}
            {run.attempt > 1 && `, attempt ${run.attempt}`}
          </dd>
          <dt>Code</dt>
          <dd>
            <a href={to("revisions", run.revision) + (run.line ? `#L${run.line}` : "")}>
              revision {run.revision}
              {run.line ? `, line ${run.line}` : ""}
            </a>
          </dd>
          <dt>Began</dt>
          <dd>{exact(run.started_at)}</dd>
          <dt>Took</dt>
          <dd>
            {duration(run.duration_ms)} ({duration(run.cpu_ms)} of processor, {bytes(run.peak_memory_bytes)} at most)
          </dd>
          <dt>Id</dt>
          <dd class="mono">{run.id}</dd>
        </dl>
      </div>
      <section class="sheet" aria-label="Effects">
        <h3 class="sheet-title">Effects</h3>
        {run.effects.length === 0 ? (
          <p class="pad quiet">It asked for nothing to be done.</p>
        ) : (
          <ul class="lines">
            {run.effects.map((effect) => (
              <li key={effect}>{effect}</li>
            ))}
          </ul>
        )}
      </section>
      <section class="sheet" aria-label="Log">
        <h3 class="sheet-title">Log</h3>
        {run.logs.length === 0 ? (
          <p class="pad quiet">It said nothing.</p>
        ) : (
          <pre class="source">{run.logs.map(sentence).join("\n")}</pre>
        )}
      </section>
    </div>
  );
}

/** A stored log record as one line: level, message, then its fields. */
function sentence(record: Record<string, unknown>): string {
  const { level = "info", message = "", fields, ...others } = record;
  const rest = { ...(typeof fields === "object" && fields !== null ? fields : {}), ...others };
  const tail = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [String(level).toUpperCase().padEnd(7), String(message), ...tail].join(" ");
}
