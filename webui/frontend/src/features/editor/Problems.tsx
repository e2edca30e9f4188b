/** What is wrong, outside Monaco: a list anybody can read and walk, and one line of state. */
import type { ReadonlySignal } from "@preact/signals";
import type { Diagnostic } from "../../core/api";
import { duration } from "../../core/time";
import { Findings, plural } from "../../ui/bits";
import { IconCheck, IconCross, IconWarn } from "../../ui/icons";
import type { CheckState } from "./checker";

export function Problems({
  state,
  onOpen,
}: {
  state: ReadonlySignal<CheckState>;
  onOpen: (finding: Diagnostic) => void;
}) {
  const found = state.value.kind === "checked" ? state.value.diagnostics : [];
  if (found.length === 0) return null;
  return (
    <section class="problems" aria-label="Problems">
      <Findings items={found} onOpen={onOpen} />
    </section>
  );
}

interface BarProps {
  state: ReadonlySignal<CheckState>;
  cursor: ReadonlySignal<{ line: number; column: number }>;
  tabLeaves: ReadonlySignal<boolean>;
}

export function StatusBar({ state, cursor, tabLeaves }: BarProps) {
  return (
    <div class="status-bar">
      <span role="status">
        <Summary state={state.value} />
      </span>
      <span class="grow" />
      <span>
        Ln {cursor.value.line}, Col {cursor.value.column}
      </span>
      <span>
        <kbd>Ctrl</kbd>+<kbd>M</kbd>: Tab {tabLeaves.value ? "leaves the editor" : "indents"}
      </span>
      <span>
        <kbd>F8</kbd> next problem
      </span>
    </div>
  );
}

function Summary({ state }: { state: CheckState }) {
  if (state.kind === "checking") return <>Checking…</>;
  if (state.kind === "failed") {
    return (
      <span class="warn-text">
        <IconWarn /> Not checked: {state.why}
      </span>
    );
  }
  const errors = state.diagnostics.filter((item) => item.severity === "error").length;
  const warnings = state.diagnostics.length - errors;
  if (errors + warnings === 0) {
    return (
      <span title={`The check took ${duration(state.took)}`}>
        <IconCheck /> No problems
      </span>
    );
  }
  const parts = [errors && plural(errors, "error"), warnings && plural(warnings, "warning")].filter(Boolean);
  return (
    <span class={errors ? "bad-text" : "warn-text"} title={`The check took ${duration(state.took)}`}>
      {errors ? <IconCross /> : <IconWarn />} {parts.join(", ")}
    </span>
  );
}
