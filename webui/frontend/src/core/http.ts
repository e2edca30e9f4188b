/**
 * The one place that talks HTTP: errors of one shape, the CSRF header, idempotency keys, and the two
 * things a page must notice by itself: that the server is out of reach, and that the session is over.
 */
import { signal } from "@preact/signals";

const ROOT = "/api/v1";
const TIMEOUT_MS = 30_000;
/** An activation warms up in the cage and may take this long by contract (30 s), and its answer a little more. */
export const SLOW_MS = 40_000;

/** An answer of the server that says no. `code` is stable, `message` is for people, `details` is the server's own. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: unknown,
  ) {
    super(message);
  }
}

/** No answer at all: what was asked may or may not have happened. */
export class NoAnswer extends Error {}

/** Whether the server answers; `back` counts recoveries (and new sessions), so that stale views load again. */
export const connection = signal<{ up: boolean; back: number }>({ up: true, back: 0 });
/** Counts answers of 401 while somebody was signed in. */
export const expired = signal(0);

export function loadAgain(): void {
  connection.value = { ...connection.peek(), back: connection.peek().back + 1 };
}

let csrf = "";
/** Remembered from the session; sent with everything that changes something. */
export function rememberCsrf(token: string): void {
  csrf = token;
}

/** 128 random bits in hex; `randomUUID` would need a secure context, and a plain-HTTP host in a lab is none. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * One thing a person wants done. The same body asked again after no answer carries the same key, so that it
 * happens once; any answer, or another body, ends it.
 */
export class Intent {
  #body = "";
  #key = "";

  key(body: string): string {
    if (this.#key === "" || body !== this.#body) {
      this.#body = body;
      this.#key = randomKey();
    }
    return this.#key;
  }

  answered(): void {
    this.#key = "";
  }
}

interface Options {
  body?: unknown;
  signal?: AbortSignal;
  intent?: Intent;
  timeout?: number;
  /** Answers of 401 are the caller's own business (signing in). */
  anonymous?: boolean;
}

export interface Answer<T> {
  status: number;
  body: T;
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    headers["Content-Type"] = "application/json";
  }
  if (method !== "GET") {
    if (csrf) headers["X-CSRF-Token"] = csrf;
    if (options.intent) headers["Idempotency-Key"] = options.intent.key(`${method} ${path} ${init.body ?? ""}`);
  }
  const deadline = AbortSignal.timeout(options.timeout ?? TIMEOUT_MS);
  init.signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  let response: Response;
  let text: string;
  try {
    response = await fetch(ROOT + path, init);
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    lost();
    throw new NoAnswer(deadline.aborted ? "The server did not answer in time." : "The server cannot be reached.");
  }
  found();
  options.intent?.answered();
  const body = parse(text);
  if (response.ok) return { status: response.status, body: body as T };
  if (response.status === 401 && !options.anonymous) expired.value += 1;
  throw refusal(response.status, body);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call<T>("GET", path, signal ? { signal } : {})).body;
}

/** What to show for anything thrown; the server's sentences are made for people already. */
export function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parse(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function refusal(status: number, body: unknown): Refusal {
  const error = (body as { error?: { code?: unknown; message?: unknown; details?: unknown } } | null)?.error;
  return new Refusal(
    status,
    typeof error?.code === "string" ? error.code : "error",
    typeof error?.message === "string" ? error.message : `The server answered ${status}.`,
    error?.details ?? null,
  );
}

let retry: ReturnType<typeof setTimeout> | undefined;

function lost(): void {
  if (connection.value.up) connection.value = { ...connection.value, up: false };
  probeAfter(1000);
}

function found(): void {
  clearTimeout(retry);
  retry = undefined;
  if (!connection.value.up) connection.value = { up: true, back: connection.value.back + 1 };
}

/** Asks for a sign of life, ever more slowly; any answer at all is one. */
function probeAfter(wait: number): void {
  if (retry !== undefined) return;
  retry = setTimeout(async () => {
    try {
      await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      found();
    } catch {
      retry = undefined;
      probeAfter(Math.min(wait * 2, 10_000));
    }
  }, wait);
}
