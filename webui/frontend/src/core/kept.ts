/** Text that is not saved yet, kept in this browser per person and reconciler, so that closing a tab loses nothing. */

export interface Kept {
  text: string;
  /** The newest revision its author had seen. */
  base: number | null;
  at: string;
}

const PREFIX = "chakrator:text:";

function keyOf(user: string, namespace: string, name: string): string {
  return PREFIX + JSON.stringify([user, namespace, name]);
}

export function recall(user: string, namespace: string, name: string): Kept | null {
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(user, namespace, name)) ?? "null") as Partial<Kept> | null;
    if (typeof found?.text !== "string" || typeof found.at !== "string") return null;
    return { text: found.text, base: typeof found.base === "number" ? found.base : null, at: found.at };
  } catch {
    return null;
  }
}

/** False when the browser would not keep it (full, or forbidden): then leaving does lose text, and says so. */
export function keep(user: string, namespace: string, name: string, text: string, base: number | null): boolean {
  try {
    const kept: Kept = { text, base, at: new Date().toISOString() };
    localStorage.setItem(keyOf(user, namespace, name), JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}

export function forget(user: string, namespace: string, name: string): void {
  try {
    localStorage.removeItem(keyOf(user, namespace, name));
  } catch {
    // Nothing was kept where storage is forbidden.
  }
}
