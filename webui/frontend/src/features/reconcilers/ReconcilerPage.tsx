/** One reconciler: its health, which revision runs, and its tabs. The heavy ones are loaded when opened. */
import { type ComponentType, Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type ReconcilerDetail, reconcilerPath } from "../../core/api";
import { explain } from "../../core/http";
import { useResource } from "../../core/resource";
import { type Route, TABS, type Tab, toReconciler } from "../../core/router";
import { Age, Health, Loading, Note, Trouble } from "../../ui/bits";
import { RevisionsTab } from "../revisions/RevisionsTab";
import { RunsTab } from "../runs/RunsTab";

type At = Extract<Route, { page: "reconciler" }>;

export interface TabProps {
  detail: ReconcilerDetail;
  reload: () => void;
  rest: string[];
}

const TITLES: Record<Tab, string> = { editor: "Editor", revisions: "Revisions", runs: "Runs", logs: "Logs" };

const LAZY: Partial<Record<Tab, () => Promise<ComponentType<TabProps>>>> = {
  editor: async () => (await import("../editor/EditorTab")).EditorTab,
  logs: async () => (await import("../logs/LogsTab")).LogsTab,
};
const EAGER: Partial<Record<Tab, ComponentType<TabProps>>> = { revisions: RevisionsTab, runs: RunsTab };

export function ReconcilerPage({ at }: { at: At }) {
  const { state, reload } = useResource<ReconcilerDetail>(reconcilerPath(at.namespace, at.name), 4000);
  const { data, error } = state.value;
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <a href="/reconcilers">Reconcilers</a>
        <span aria-hidden="true">/</span>
        <a href={`/reconcilers?namespace=${encodeURIComponent(at.namespace)}`}>{at.namespace}</a>
        <span aria-hidden="true">/</span>
        <span>{at.name}</span>
      </nav>
      <div class="page-head tight">
        <h1>{at.name}</h1>
        {data && <Facts detail={data} />}
      </div>
      <nav class="tabs" aria-label={`Parts of ${at.name}`}>
        {TABS.map((tab) => (
          <a
            key={tab}
            href={toReconciler(at.namespace, at.name, tab)}
            aria-current={tab === at.tab ? "page" : undefined}
          >
            {TITLES[tab]}
          </a>
        ))}
      </nav>
      {error && !data && <Trouble error={error} what={`the reconciler ${at.namespace}/${at.name}`} />}
      {!data && !error && <Loading what={at.name} />}
      {data && <TabBody key={at.tab} tab={at.tab} detail={data} reload={reload} rest={at.rest} />}
    </>
  );
}

function Facts({ detail }: { detail: ReconcilerDetail }) {
  const { active, spec, status } = detail;
  const stalled = status.conditions?.find((c) => c.type === "Stalled" && c.status === "True");
  const link = (n: number) => toReconciler(detail.namespace, detail.name, "revisions", n);
  return (
    <Fragment>
      <Health conditions={status.conditions} suspended={spec.suspend ?? false} />
      <dl class="facts">
        <div>
          <dt>Active</dt>
          <dd>
            {active ? (
              <>
                <a href={link(active.revision)}>revision {active.revision}</a>{" "}
                <span class="quiet">
                  <Age of={active.at} /> ago
                </span>
              </>
            ) : (
              "none"
            )}
          </dd>
        </div>
        <div>
          <dt>Watches</dt>
          <dd>{spec.watch?.kind ?? "–"}</dd>
        </div>
        <div>
          <dt>Acts as</dt>
          <dd>{spec.serviceAccountName ?? "–"}</dd>
        </div>
        <div>
          <dt>Objects</dt>
          <dd>
            {status.objects?.total ?? 0}
            {status.objects?.failing ? <span class="bad-text">, {status.objects.failing} failing</span> : null}
          </dd>
        </div>
      </dl>
      {stalled?.message && (
        <div class="full">
          <Note tone="bad">
            <strong>{stalled.reason}</strong>: {stalled.message}
          </Note>
        </div>
      )}
    </Fragment>
  );
}

function TabBody({ tab, ...props }: TabProps & { tab: Tab }) {
  const [Body, setBody] = useState<ComponentType<TabProps> | undefined>(() => EAGER[tab]);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    let here = true;
    LAZY[tab]?.()
      .then((loaded) => here && setBody(() => loaded))
      .catch((error: unknown) => here && setFailure(explain(error)));
    return () => {
      here = false;
    };
  }, [tab]);
  if (failure)
    return <Note tone="bad">This part of the page could not be loaded ({failure}). Load the page again.</Note>;
  return Body ? <Body {...props} /> : <Loading what={TITLES[tab].toLowerCase()} />;
}
