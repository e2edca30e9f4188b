/** Who did what, when and why, and whether the trail is whole. */
import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import type { AuditEntry, ChainReport } from "../../core/api";
import { explain, get } from "../../core/http";
import { usePaged } from "../../core/paged";
import { query, setQuery } from "../../core/router";
import { exact } from "../../core/time";
import { announce, Empty, Loading, Note, plural, Trouble } from "../../ui/bits";
import { IconChevron } from "../../ui/icons";

const FILTERS = [
  ["namespace", "Namespace", "any"],
  ["actor", "Who", "a user's name"],
  ["action", "Action", "such as revision:save"],
] as const;

export function AuditPage() {
  const where = new URLSearchParams({ limit: "100" });
  for (const [name] of FILTERS) {
    const value = query.value.get(name);
    if (value) where.set(name, value);
  }
  const filtered = where.size > 1;
  const list = usePaged<AuditEntry>(`/audit?${where}`, (entry) => entry.seq);

  return (
    <>
      <div class="page-head">
        <div>
          <h1>Audit</h1>
          <p class="quiet">Every change and every refusal, in a chain where a change of any entry shows.</p>
        </div>
        <span class="grow" />
        <Verify namespace={query.value.get("namespace") ?? ""} />
      </div>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        {FILTERS.map(([name, label, hint]) => (
          <label key={name} class="inline">
            {label}
            <input
              type="search"
              name={name}
              value={query.value.get(name) ?? ""}
              placeholder={hint}
              onChange={(event) => setQuery({ [name]: event.currentTarget.value.trim() })}
            />
          </label>
        ))}
        <span class="grow" />
        <button type="button" onClick={list.reload}>
          Look again
        </button>
      </form>
      {list.loading && <Loading what="the audit trail" />}
      {list.error && <Trouble error={list.error} what="the audit trail" />}
      {!list.loading && !list.error && list.items.length === 0 && (
        <Empty title={filtered ? "No entry matches" : "No entry to see"}>
          {filtered ? (
            <button
              type="button"
              class="link"
              onClick={() => setQuery(Object.fromEntries(FILTERS.map(([name]) => [name, ""])))}
            >
              Show every entry
            </button>
          ) : (
            <p>Nothing has happened yet where you may look.</p>
          )}
        </Empty>
      )}
      {list.items.length > 0 && <Entries entries={list.items} />}
      {list.more && (
        <p class="more">
          <button type="button" onClick={list.more}>
            Older entries
          </button>
        </p>
      )}
    </>
  );
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  const open = query.value.get("entry") ?? "";
  return (
    <div class="sheet">
      <table>
        <thead>
          <tr>
            <th scope="col">Entry</th>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Action</th>
            <th scope="col">Namespace</th>
            <th scope="col">What</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => {
            const shown = open === String(entry.seq);
            const id = `entry-${entry.seq}`;
            return (
              <Fragment key={entry.seq}>
                <tr>
                  <td class="nowrap">
                    <button
                      type="button"
                      class="toggle"
                      aria-expanded={shown}
                      aria-controls={id}
                      onClick={() => setQuery({ entry: shown ? "" : String(entry.seq) })}
                    >
                      <IconChevron /> {entry.seq}
                    </button>
                  </td>
                  <td class="nowrap">
                    <time dateTime={entry.ts}>{exact(entry.ts)}</time>
                  </td>
                  <td>{entry.actor ?? <span class="quiet">not yours to see</span>}</td>
                  <td class="nowrap">{entry.action}</td>
                  <td>{entry.namespace || <span class="quiet">–</span>}</td>
                  <td class="message">{entry.subject}</td>
                  <td class="message">{reasonOf(entry)}</td>
                </tr>
                {shown && (
                  <tr id={id} class="opened">
                    <td colSpan={7}>
                      <Opened entry={entry} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The reason or message that was given, where the entry holds one. */
function reasonOf(entry: AuditEntry): string {
  const payload = entry.payload ?? {};
  for (const name of ["reason", "message"]) {
    const value = payload[name];
    if (typeof value === "string") return value;
  }
  return "";
}

function Opened({ entry }: { entry: AuditEntry }) {
  return (
    <>
      <pre class="source">{JSON.stringify(entry.payload, null, 2)}</pre>
      <dl class="pairs mono">
        <dt>hash</dt>
        <dd>{entry.hash}</dd>
        <dt>previous</dt>
        <dd>{entry.prev}</dd>
        <dt>payload</dt>
        <dd>{entry.payload_sha}</dd>
      </dl>
    </>
  );
}

function Verify({ namespace }: { namespace: string }) {
  const busy = useSignal(false);
  const report = useSignal<ChainReport | Error | null>(null);

  const verify = async () => {
    busy.value = true;
    try {
      const where = namespace ? `?namespace=${encodeURIComponent(namespace)}` : "";
      report.value = await get<ChainReport>(`/audit/verify${where}`);
      announce(report.value.ok ? "The chain is whole" : `Entry ${report.value.broken_seq} is wrong`);
    } catch (error) {
      report.value = error as Error;
    } finally {
      busy.value = false;
    }
  };

  const answer = report.value;
  return (
    <>
      <button type="button" onClick={() => void verify()} disabled={busy}>
        {busy.value ? "Verifying…" : "Verify the chain"}
      </button>
      {answer && (
        <div class="full">
          {answer instanceof Error ? (
            <Note tone="bad">Not verified: {explain(answer)}</Note>
          ) : answer.ok ? (
            <Note tone="good">
              The chain is whole: {plural(answer.entries, "entry", "entries")}, head{" "}
              <code>{answer.head.slice(0, 16)}…</code>
            </Note>
          ) : (
            <Note tone="bad">
              <strong>The chain is broken at entry {answer.broken_seq}.</strong> {answer.why}
            </Note>
          )}
        </div>
      )}
    </>
  );
}
