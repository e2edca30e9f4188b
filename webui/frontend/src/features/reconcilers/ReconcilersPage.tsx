/** Every reconciler one may see, with its health at a glance. */
import type { Page, Reconciler } from "../../core/api";
import { useResource } from "../../core/resource";
import { query, setQuery, toReconciler } from "../../core/router";
import { userName } from "../../core/session";
import { Age, Empty, Health, Loading, plural, Trouble } from "../../ui/bits";

export function ReconcilersPage() {
  const namespace = query.value.get("namespace") ?? "";
  const { state } = useResource<Page<Reconciler>>(`/reconcilers?limit=200`, 5000);
  const { data, error } = state.value;
  const namespaces = [...new Set(data?.items.map((item) => item.namespace))].sort();
  const shown = data?.items.filter((item) => !namespace || item.namespace === namespace) ?? [];

  return (
    <>
      <div class="page-head">
        <div>
          <h1>Reconcilers</h1>
          <p class="quiet">Python functions that keep Kubernetes objects as they should be.</p>
        </div>
        <span class="grow" />
        {namespaces.length > 0 && (
          <label class="inline">
            Namespace
            <select value={namespace} onChange={(event) => setQuery({ namespace: event.currentTarget.value })}>
              <option value="">All</option>
              {namespaces.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {error && <Trouble error={error} what="reconcilers" />}
      {!data && !error && <Loading what="reconcilers" />}
      {data && shown.length > 0 && <List items={shown} />}
      {data && shown.length === 0 && <None namespace={namespace} any={data.items.length > 0} />}
      {data?.cursor && <p class="quiet small">Only the first {plural(data.items.length, "reconciler")} are shown.</p>}
    </>
  );
}

function List({ items }: { items: Reconciler[] }) {
  return (
    <div class="sheet">
      <table>
        <thead>
          <tr>
            <th scope="col">Namespace</th>
            <th scope="col">Name</th>
            <th scope="col">Health</th>
            <th scope="col">Watches</th>
            <th scope="col" class="right">
              Active
            </th>
            <th scope="col" class="right">
              Objects
            </th>
            <th scope="col" class="right">
              Failing
            </th>
            <th scope="col" class="right">
              Last run
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <Row key={item.uid} item={item} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ item }: { item: Reconciler }) {
  const { activeRevision, objects, conditions } = item.status;
  return (
    <tr>
      <td>{item.namespace}</td>
      <td>
        <a class="strong" href={toReconciler(item.namespace, item.name, "editor")}>
          {item.name}
        </a>
        {item.deleting && <span class="quiet"> (being deleted)</span>}
      </td>
      <td>
        <Health conditions={conditions} suspended={item.spec.suspend ?? false} />
      </td>
      <td>{item.spec.watch?.kind ?? "–"}</td>
      <td class="right">
        {activeRevision ? (
          <a href={toReconciler(item.namespace, item.name, "revisions", activeRevision.number)}>
            #{activeRevision.number}
          </a>
        ) : (
          <span class="quiet">none</span>
        )}
      </td>
      <td class="right number">{objects?.total ?? "–"}</td>
      <td class="right number">
        {objects?.failing ? <strong class="bad-text">{objects.failing}</strong> : (objects?.failing ?? "–")}
      </td>
      <td class="right">
        <Age of={objects?.lastRunTime} />
      </td>
    </tr>
  );
}

function None({ namespace, any }: { namespace: string; any: boolean }) {
  if (any) {
    return (
      <Empty title={`No reconciler in ${namespace}`}>
        <p>
          The filter hides all of them.{" "}
          <button type="button" class="link" onClick={() => setQuery({ namespace: "" })}>
            Show every namespace
          </button>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No reconciler to see">
      <p>
        Either there is none yet, or <strong>{userName()}</strong> has no right to list them. One is made with{" "}
        <code>kubectl apply</code>; the right is <code>list</code> on <code>reconcilers.chakrator.example.com</code>.
      </p>
    </Empty>
  );
}
