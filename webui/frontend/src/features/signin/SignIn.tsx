/** Signing in by a pasted Kubernetes token; the one-time link of `chakrator up` needs no page of its own. */
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { explain, Refusal } from "../../core/http";
import { signIn, signOut } from "../../core/session";
import { Note } from "../../ui/bits";
import { Dialog } from "../../ui/Dialog";
import { Mark } from "../../ui/icons";

function Form({ onDone, action }: { onDone?: () => void; action: string }) {
  const token = useSignal("");
  const busy = useSignal(false);
  const error = useSignal("");
  const id = useId();

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    if (!token.value.trim()) {
      error.value = "Paste a token first.";
      return;
    }
    busy.value = true;
    error.value = "";
    try {
      await signIn({ token: token.value.trim() });
      token.value = "";
      onDone?.();
    } catch (failure) {
      error.value =
        failure instanceof Refusal && failure.status === 401
          ? "The API server does not know this token, or it has expired."
          : explain(failure);
    } finally {
      busy.value = false;
    }
  };

  return (
    <form onSubmit={submit}>
      <p class="field">
        <label for={id}>Kubernetes bearer token</label>
        <textarea
          id={id}
          class="token"
          rows={4}
          value={token}
          onInput={(event) => {
            token.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey) void submit(event);
          }}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          aria-describedby={`${id}-hint`}
        />
        <small id={`${id}-hint`} class="quiet">
          <code>kubectl create token NAME -n NAMESPACE</code> makes one. It stays in this server's memory only.
        </small>
      </p>
      {error.value && <Note tone="bad">{error}</Note>}
      <p class="actions">
        <button type="submit" class="primary" disabled={busy}>
          {busy.value ? "Signing in…" : action}
        </button>
      </p>
    </form>
  );
}

export function SignInPage({ why }: { why: string }) {
  return (
    <main id="content" class="sign-in" tabIndex={-1}>
      <div class="card">
        <p class="brand big">
          <Mark />
          Chakrator
        </p>
        <h1>Sign in</h1>
        {why && <Note tone="warn">{why}</Note>}
        <Form action="Sign in" />
        <p class="quiet small">
          On your own machine, <code>chakrator up</code> prints a link that signs in by itself, once.
        </p>
      </div>
    </main>
  );
}

/** The session ended while somebody worked: sign in over the page, and go on. */
export function SignInAgain({ name }: { name: string }) {
  return (
    <Dialog title="Your session has ended" onClose={() => {}} stays>
      <p>
        You were <strong>{name}</strong>. Sign in again to go on where you are: nothing you typed is lost.
      </p>
      <Form action="Sign in and go on" />
      <p class="small">
        <button type="button" class="link" onClick={() => void signOut()}>
          Leave instead
        </button>
      </p>
    </Dialog>
  );
}
