/** Leaving a reconciler with unsaved text is asked about, in the page and by the browser. */
import { type ReadonlySignal, type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { sameReconciler, setGuard } from "../../core/router";
import { Dialog } from "../../ui/Dialog";

export interface Leaving {
  asking: Signal<((leave: boolean) => void) | null>;
  unkept: ReadonlySignal<boolean>;
}

export function useLeaveGuard(dirty: ReadonlySignal<boolean>, unkept: ReadonlySignal<boolean>): Leaving {
  const asking = useSignal<((leave: boolean) => void) | null>(null);
  useEffect(() => {
    setGuard((href) => {
      if (!dirty.peek() || sameReconciler(href)) return Promise.resolve(true);
      return new Promise((resolve) => {
        asking.value = (leave) => {
          asking.value = null;
          resolve(leave);
        };
      });
    });
    const unload = (event: BeforeUnloadEvent) => {
      if (dirty.peek()) event.preventDefault();
    };
    addEventListener("beforeunload", unload);
    return () => {
      setGuard(null);
      removeEventListener("beforeunload", unload);
    };
  }, [dirty, asking]);
  return { asking, unkept };
}

export function LeaveDialog({ leaving }: { leaving: Leaving }) {
  const answer = (leave: boolean) => leaving.asking.value?.(leave);
  return (
    <Dialog title="Leave with unsaved changes?" onClose={() => answer(false)}>
      <p>
        {leaving.unkept.value
          ? "This browser would not keep your text: if you leave, it is lost."
          : "Your text is not saved as a revision. It stays in this browser, and is here again when you come back."}
      </p>
      <p class="actions">
        <button type="button" onClick={() => answer(true)}>
          Leave
        </button>
        <button type="button" class="primary" autofocus onClick={() => answer(false)}>
          Stay
        </button>
      </p>
    </Dialog>
  );
}
