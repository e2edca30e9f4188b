/** The live check: one question under way at a time, always about the newest text, never about an older one after it. */
import { signal } from "@preact/signals";
import type { Diagnostic, ValidateAnswer } from "../../core/api";
import { call, explain, NoAnswer, Refusal } from "../../core/http";

/** After the last keystroke. Shorter asks in the middle of words, longer is felt. */
const DEBOUNCE_MS = 100;
const RETRY_MS = 3000;
/** A tool that was stopped on a busy machine is asked again about the same text, this often at most. */
const AGAIN = 3;
const NO_ANSWER = "no-answer";

export type CheckState =
  | { kind: "checking" }
  | { kind: "checked"; diagnostics: Diagnostic[]; took: number }
  | { kind: "failed"; why: string };

export class Checker {
  readonly state = signal<CheckState>({ kind: "checking" });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted: string | null = null;
  #busy = false;
  #again = 0;
  #closed = false;

  constructor(
    readonly path: string,
    readonly onFindings: (found: Diagnostic[]) => void,
  ) {}

  /** Asks about this text, soon. */
  ask(text: string, wait = DEBOUNCE_MS): void {
    this.#again = 0;
    this.#soon(text, wait);
  }

  #soon(text: string, wait: number): void {
    this.#wanted = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), wait);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    // A check under way is let go to its end: the server counts two of one person at once as too many.
    if (this.#busy || this.#closed || this.#wanted === null) return;
    const source = this.#wanted;
    this.#wanted = null;
    this.#busy = true;
    if (this.state.value.kind !== "checked") this.state.value = { kind: "checking" };
    let wait = 0;
    try {
      const { body } = await call<ValidateAnswer>("POST", `${this.path}/validate`, { body: { source } });
      if (this.#closed) return;
      // An answer about text that is gone would mark the wrong places.
      if (this.#wanted === null) {
        this.onFindings(body.diagnostics);
        this.state.value = { kind: "checked", diagnostics: body.diagnostics, took: body.took_ms };
        if (body.diagnostics.some((item) => item.code === NO_ANSWER) && this.#again++ < AGAIN) {
          this.#wanted = source;
          wait = RETRY_MS;
        }
      }
    } catch (error) {
      if (this.#closed) return;
      this.state.value = { kind: "failed", why: explain(error) };
      if (error instanceof NoAnswer || (error instanceof Refusal && [401, 429, 503].includes(error.status))) {
        this.#wanted ??= source;
        wait = RETRY_MS;
      }
    } finally {
      this.#busy = false;
    }
    if (this.#wanted !== null) this.#soon(this.#wanted, wait);
  }
}
