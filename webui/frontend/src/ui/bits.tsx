/** Small parts every page is made of. Words always carry the meaning; colour and pictures only repeat it. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Condition, Diagnostic } from "../core/api";
import { explain, NoAnswer, Refusal } from "../core/http";
import { age, exact, now } from "../core/time";
import { IconCheck, IconCross, IconDot, IconInfo, IconPause, IconWarn } from "./icons";

export type Tone = "good" | "bad" | "warn" | "info" | "calm";

const PICTURES = { good: IconCheck, bad: IconCross, warn: IconWarn, info: IconInfo, calm: IconDot };

export function Badge({ tone, children, title }: { tone: Tone; children: ComponentChildren; title?: string }) {
  const Picture = PICTURES[tone];
  return (
    <span class={`badge ${tone}`} title={title}>
      <Picture />
      <span>{children}</span>
    </span>
  );
}

/** A resource's health in one badge, with the condition's own reason. */
export function Health({ conditions, suspended }: { conditions: Condition[] | undefined; suspended?: boolean }) {
  const find = (type: string) => conditions?.find((condition) => condition.type === type);
  const [ready, stalled, reconciling] = [find("Ready"), find("Stalled"), find("Reconciling")];
  if (suspended) {
    return (
      <span class="badge calm">
        <IconPause />
        <span>Suspended</span>
      </span>
    );
  }
  if (stalled?.status === "True") {
    return (
      <Badge tone="bad" title={stalled.message ?? ""}>
        Stalled{reason(stalled)}
      </Badge>
    );
  }
  if (ready?.status === "True") {
    return (
      <Badge tone="good" title={ready.message ?? ""}>
        Ready
      </Badge>
    );
  }
  if (reconciling?.status === "True") {
    return (
      <Badge tone="info" title={reconciling.message ?? ""}>
        Reconciling{reason(reconciling)}
      </Badge>
    );
  }
  if (ready) {
    return (
      <Badge tone="warn" title={ready.message ?? ""}>
        Not ready{reason(ready)}
      </Badge>
    );
  }
  return <Badge tone="calm">Not seen yet</Badge>;
}

function reason(condition: Condition): string {
  return condition.reason ? `: ${condition.reason}` : "";
}

const OUTCOME_TONES: Record<string, Tone> = { Succeeded: "good", Retry: "warn", Failed: "bad" };

export function Outcome({ name }: { name: string }) {
  return <Badge tone={OUTCOME_TONES[name] ?? "bad"}>{name}</Badge>;
}

/** An age that moves on, with the exact time at hand. */
export function Age({ of }: { of: string | null | undefined }) {
  if (!of) return <span class="quiet">–</span>;
  return (
    <time dateTime={of} title={exact(of)}>
      {age(of, now.value)}
    </time>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what}…
    </p>
  );
}

/** Why there is nothing to see: no right, not there, no connection, or what the server said. */
export function Trouble({ error, what }: { error: Error; what: string }) {
  if (error instanceof NoAnswer) {
    return <Empty title={`No connection, so no ${what}`}>It is loaded when the server answers again.</Empty>;
  }
  if (error instanceof Refusal && error.status === 401) return <Loading what={what} />;
  if (error instanceof Refusal && error.status === 403) {
    return (
      <Empty title={`You have no right to see ${what}`}>
        <p>{error.message}</p>
      </Empty>
    );
  }
  return (
    <div class="note bad" role="alert">
      <IconCross />
      <div>{explain(error)}</div>
    </div>
  );
}

export function Note({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  const Picture = PICTURES[tone];
  return (
    <div class={`note ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Picture />
      <div>{children}</div>
    </div>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string;
  required?: boolean;
  autofocus?: boolean;
  lines?: number;
  maxLength?: number;
}

/** A labelled line, or several lines, of text. */
export function Field({ label, value, onInput, hint, required, autofocus, lines, maxLength = 1000 }: FieldProps) {
  const id = useId();
  const shared = {
    id,
    value,
    required: required ?? false,
    autofocus: autofocus ?? false,
    maxLength,
    autocomplete: "off" as const,
    "aria-describedby": hint ? `${id}-hint` : undefined,
  };
  return (
    <p class="field">
      <label for={id}>{label}</label>
      {lines ? (
        <textarea {...shared} rows={lines} onInput={(event) => onInput(event.currentTarget.value)} />
      ) : (
        <input {...shared} type="text" onInput={(event) => onInput(event.currentTarget.value)} />
      )}
      {hint && (
        <small id={`${id}-hint`} class="quiet">
          {hint}
        </small>
      )}
    </p>
  );
}

/** Findings as the tools gave them: text only, with where it is and what to write instead. */
export function Findings({ items, onOpen }: { items: Diagnostic[]; onOpen?: (item: Diagnostic) => void }) {
  return (
    <ul class="findings">
      {items.map((item) => {
        const body = (
          <>
            <span class={`severity ${item.severity}`}>
              {item.severity === "error" ? <IconCross /> : <IconWarn />}
              <span class="sr">{item.severity}</span>
            </span>
            <span class="where">
              {item.start.line}:{item.start.column}
            </span>
            <span class="what">
              {item.message}
              {item.hint && <span class="hint"> {item.hint}</span>}
              {item.doc && <span class="hint"> See docs/reference/{item.doc}</span>}
            </span>
            <span class="tool">
              {item.tool} {item.code}
            </span>
          </>
        );
        const key = `${item.tool}${item.code}${item.start.line}:${item.start.column}${item.message}`;
        return (
          <li key={key}>
            {onOpen ? (
              <button type="button" class="finding" onClick={() => onOpen(item)}>
                {body}
              </button>
            ) : (
              <span class="finding">{body}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const said = signal("");
/** Says something to readers aloud, and to nobody else. */
export function announce(text: string): void {
  said.value = said.value === text ? `${text}\u00a0` : text;
}

export function Announcer() {
  return (
    <div class="sr" role="status" aria-live="polite">
      {said}
    </div>
  );
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
