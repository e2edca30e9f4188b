/** The live tail: follows while one looks at the end, stays still while one reads, and says what it lost. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Level } from "../../core/api";
import { type TailState, tail } from "../../core/logtail";
import { query, setQuery, toReconciler } from "../../core/router";
import { session } from "../../core/session";
import { Badge, Note, plural } from "../../ui/bits";
import { IconPause, IconPlay } from "../../ui/icons";
import type { TabProps } from "../reconcilers/ReconcilerPage";
import { LogPane } from "./pane";

const LEVELS: Level[] = ["debug", "info", "warning", "error"];

export function LogsTab({ detail }: TabProps) {
  const { namespace, name } = detail;
  const box = useRef<HTMLDivElement>(null);
  const [pane, setPane] = useState<LogPane | null>(null);
  const state = useSignal<TailState>({ kind: "connecting" });
  const level = LEVELS.find((each) => each === query.value.get("level")) ?? "debug";
  // Another session is another connection: the one that ended is refused.
  const who = session.value.kind;

  useEffect(() => {
    if (!box.current || who !== "in") return;
    const drawn = new LogPane(box.current, (id) => toReconciler(namespace, name, "runs", id));
    setPane(drawn);
    const stop = tail(namespace, name, {
      onLines: (lines, dropped) => drawn.add(lines, dropped),
      onState: (next) => {
        state.value = next;
      },
    });
    return () => {
      stop();
      drawn.close();
      box.current?.replaceChildren();
    };
  }, [namespace, name, who, state]);

  return (
    <>
      <div class="filters">
        <TailBadge state={state.value} />
        <label class="inline">
          Level
          <select value={level} onChange={(event) => setQuery({ level: event.currentTarget.value })}>
            {LEVELS.map((each) => (
              <option key={each} value={each}>
                {each === "debug" ? "all" : each === "error" ? "error" : `${each} and above`}
              </option>
            ))}
          </select>
        </label>
        {pane && <Lost pane={pane} />}
        <span class="grow" />
        {pane && <Controls pane={pane} />}
      </div>
      {state.value.kind === "closed" && <Note tone="bad">{state.value.why}</Note>}
      <div class="log-frame">
        <div
          ref={box}
          class={`log from-${level}`}
          role="log"
          aria-live="off"
          aria-label={`Logs of ${name}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          tabIndex={0}
        />
        {pane && <Behind pane={pane} />}
        {pane?.empty.value && state.value.kind === "live" && (
          <p class="log-none">
            No line yet.{" "}
            {detail.active ? "Lines appear when a run logs something." : "No revision is active, so nothing runs."}
          </p>
        )}
      </div>
    </>
  );
}

function TailBadge({ state }: { state: TailState }) {
  switch (state.kind) {
    case "live":
      return <Badge tone="good">Live</Badge>;
    case "connecting":
      return <Badge tone="info">Connecting</Badge>;
    case "waiting":
      return <Badge tone="warn">{state.why}</Badge>;
    case "closed":
      return <Badge tone="bad">Closed</Badge>;
  }
}

function Lost({ pane }: { pane: LogPane }) {
  if (pane.lost.value === 0) return null;
  return <Badge tone="warn">{plural(pane.lost.value, "line")} dropped</Badge>;
}

function Controls({ pane }: { pane: LogPane }) {
  return (
    <>
      <button type="button" onClick={() => pane.clear()}>
        Clear
      </button>
      {pane.paused.value ? (
        <button type="button" onClick={() => pane.follow()}>
          <IconPlay /> Go on
        </button>
      ) : (
        <button type="button" onClick={() => pane.pause()}>
          <IconPause /> Pause
        </button>
      )}
    </>
  );
}

/** Where the reader is behind the newest line: how far, and the way back. */
function Behind({ pane }: { pane: LogPane }) {
  if (pane.following.value && !pane.paused.value) return null;
  const count = pane.waiting.value;
  return (
    <button type="button" class="log-behind primary" onClick={() => pane.follow()}>
      {count > 0 ? `${plural(count, "new line")}: follow` : "Follow"}
    </button>
  );
}
