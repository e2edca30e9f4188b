/** Who is signed in. A session that ends asks again over the page one is on; nothing typed is lost by it. */
import { effect, signal } from "@preact/signals";
import type { Session } from "./api";
import { call, connection, expired, explain, loadAgain, NoAnswer, Refusal, rememberCsrf } from "./http";

export type SessionState =
  | { kind: "unknown" }
  | { kind: "out"; why: string }
  | { kind: "in"; session: Session }
  /** Was in; the page stays where it is while the person signs in again. */
  | { kind: "over"; session: Session };

export const session = signal<SessionState>({ kind: "unknown" });

effect(() => {
  if (expired.value === 0) return;
  const state = session.peek();
  if (state.kind === "in") session.value = { kind: "over", session: state.session };
});

// A server that was out of reach when the page began is asked again once it is back.
effect(() => {
  if (connection.value.back > 0 && session.peek().kind === "unknown") void start();
});

// A sign-in link opened where the page is already is a new fragment only, not a new page.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#code=")) void start();
});

function enter(answer: Session): void {
  const again = session.peek().kind === "over";
  rememberCsrf(answer.csrf ?? "");
  session.value = { kind: "in", session: answer };
  if (again) loadAgain();
}

export async function signIn(credential: { token: string } | { code: string }): Promise<void> {
  const { body } = await call<Session>("POST", "/session", { body: credential, anonymous: true });
  enter(body);
}

export async function signOut(): Promise<void> {
  try {
    await call("DELETE", "/session", { anonymous: true });
  } catch (error) {
    // A session that is gone already is what was asked for; without an answer one stays in, and the banner says why.
    if (!(error instanceof Refusal && error.status === 401)) return;
  }
  rememberCsrf("");
  session.value = { kind: "out", why: "" };
}

/** At start: a one-time code in the fragment (and it leaves the history at once), else the cookie's session. */
export async function start(): Promise<void> {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    history.replaceState(history.state, "", location.pathname + location.search);
    try {
      await signIn({ code });
      return;
    } catch (error) {
      if (await resume()) return;
      session.value = { kind: "out", why: `This sign-in link did not work: ${explain(error)}` };
      return;
    }
  }
  if (await resume()) return;
  if (session.value.kind === "unknown") session.value = { kind: "out", why: "" };
}

async function resume(): Promise<boolean> {
  try {
    const { body } = await call<Session>("GET", "/session", { anonymous: true });
    enter(body);
    return true;
  } catch (error) {
    if (error instanceof NoAnswer) {
      // Neither in nor out is known: the banner says that the connection is lost, and its return asks again.
      return true;
    }
    if (!(error instanceof Refusal && error.status === 401)) {
      session.value = { kind: "out", why: explain(error) };
    }
    return false;
  }
}

/** The person's name, to keep what is theirs apart in one browser. */
export function userName(): string {
  const state = session.value;
  return state.kind === "in" || state.kind === "over" ? state.session.user.name : "";
}
