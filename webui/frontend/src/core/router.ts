/** Every state of the page has an address: the History API, one table of routes, and a guard for unsaved text. */
import { computed, signal } from "@preact/signals";

export const TABS = ["editor", "revisions", "runs", "logs"] as const;
export type Tab = (typeof TABS)[number];

export type Route =
  | { page: "reconcilers" }
  | { page: "reconciler"; namespace: string; name: string; tab: Tab; rest: string[] }
  | { page: "audit" }
  | { page: "not-found" };

interface Place {
  path: string;
  query: URLSearchParams;
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

export const place = signal<Place>(here());
export const route = computed<Route>(() => parseRoute(place.value.path));
export const query = computed(() => place.value.query);

export function parseRoute(path: string): Route {
  const parts = path.split("/").filter(Boolean).map(decode);
  const [page, namespace, name, tab = "editor", ...rest] = parts;
  if (page === undefined || (page === "reconcilers" && parts.length === 1)) return { page: "reconcilers" };
  if (page === "audit" && parts.length === 1) return { page: "audit" };
  if (page === "reconcilers" && namespace && name && isTab(tab)) {
    return { page: "reconciler", namespace, name, tab, rest };
  }
  return { page: "not-found" };
}

function isTab(word: string): word is Tab {
  return (TABS as readonly string[]).includes(word);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a reconciler's tab, or of a thing below it. */
export function toReconciler(namespace: string, name: string, ...below: (string | number)[]): string {
  return `/reconcilers/${[namespace, name, ...below].map((part) => encodeURIComponent(part)).join("/")}`;
}

/** Asked before a change of address; answers with whether to go. */
export type Guard = (href: string) => Promise<boolean>;
let guard: Guard | null = null;
export function setGuard(next: Guard | null): void {
  guard = next;
}

let index = (history.state as { index?: number } | null)?.index ?? 0;
history.replaceState({ index }, "");

export async function navigate(href: string, options: { replace?: boolean } = {}): Promise<void> {
  if (guard && !(await guard(href))) return;
  if (options.replace) {
    history.replaceState({ index }, "", href);
  } else {
    index += 1;
    history.pushState({ index }, "", href);
  }
  arrive(!options.replace);
}

/** Changes the filters of the page one is on; no new entry in the history for each letter typed. */
export function setQuery(changes: Record<string, string>): void {
  const next = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const text = next.toString();
  history.replaceState({ index }, "", place.value.path + (text ? `?${text}` : ""));
  place.value = here();
}

function arrive(top: boolean): void {
  place.value = here();
  if (top) scrollTo(0, 0);
}

let returning = false;
addEventListener("popstate", async (event) => {
  if (returning) {
    returning = false;
    return;
  }
  const target = (event.state as { index?: number } | null)?.index ?? 0;
  if (guard) {
    // The browser has moved already: go back first, ask, and move again if allowed.
    const href = location.pathname + location.search;
    const delta = target - index;
    if (!sameReconciler(href) && delta !== 0) {
      returning = true;
      history.go(-delta);
      if (await guard(href)) {
        guard = null;
        history.go(delta);
      }
      return;
    }
  }
  index = target;
  arrive(false);
});

/** Moving among the tabs of one reconciler loses nothing: its text stays with the browser. */
export function sameReconciler(href: string): boolean {
  const [from, to] = [parseRoute(place.value.path), parseRoute(new URL(href, location.origin).pathname)];
  return (
    from.page === "reconciler" && to.page === "reconciler" && from.namespace === to.namespace && from.name === to.name
  );
}

/** Plain clicks on our own links change the address without loading the page again. */
addEventListener("click", (event) => {
  if (
    event.defaultPrevented ||
    event.button !== 0 ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  ) {
    return;
  }
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  void navigate(link.pathname + link.search + link.hash);
});
