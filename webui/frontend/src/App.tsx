/** The frame around every page: who and where one is, what is wrong with the connection, and the page itself. */
import { useEffect } from "preact/hooks";
import { connection } from "./core/http";
import { place, type Route, route } from "./core/router";
import { session, signOut } from "./core/session";
import { AuditPage } from "./features/audit/AuditPage";
import { ReconcilerPage } from "./features/reconcilers/ReconcilerPage";
import { ReconcilersPage } from "./features/reconcilers/ReconcilersPage";
import { SignInAgain, SignInPage } from "./features/signin/SignIn";
import { Banners } from "./features/status/Banners";
import { Announcer, announce, Loading } from "./ui/bits";
import { IconWarn, Mark } from "./ui/icons";

export function App() {
  const state = session.value;
  const current = route.value;
  const title = titleOf(current);

  useEffect(() => {
    document.title = `${title} · Chakrator`;
    announce(title);
  }, [title]);

  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      {!connection.value.up && (
        <div class="lost" role="alert">
          <IconWarn /> The connection to Chakrator is lost. What you see may be old; trying again…
        </div>
      )}
      {state.kind === "unknown" && <Loading what="Chakrator" />}
      {state.kind === "out" && <SignInPage why={state.why} />}
      {(state.kind === "in" || state.kind === "over") && (
        <div class="shell">
          <Banners />
          <Header current={current} name={state.session.user.name} groups={state.session.user.groups} />
          <main id="content" tabIndex={-1}>
            <Content current={current} />
          </main>
        </div>
      )}
      {state.kind === "over" && <SignInAgain name={state.session.user.name} />}
      <Announcer />
    </>
  );
}

function Content({ current }: { current: Route }) {
  switch (current.page) {
    case "reconcilers":
      return <ReconcilersPage />;
    case "reconciler":
      return <ReconcilerPage key={`${current.namespace}/${current.name}`} at={current} />;
    case "audit":
      return <AuditPage />;
    case "not-found":
      return (
        <div class="empty">
          <h1>There is no such page</h1>
          <p>
            Nothing is at <code>{place.value.path}</code>. <a href="/reconcilers">See the reconcilers</a>
          </p>
        </div>
      );
  }
}

function titleOf(current: Route): string {
  switch (current.page) {
    case "reconcilers":
      return "Reconcilers";
    case "reconciler":
      return `${current.namespace}/${current.name}: ${current.tab}`;
    case "audit":
      return "Audit";
    case "not-found":
      return "Not found";
  }
}

function Header({ current, name, groups }: { current: Route; name: string; groups: string[] }) {
  const here = (pages: Route["page"][]) => (pages.includes(current.page) ? "page" : undefined);
  return (
    <header class="top">
      <a class="brand" href="/reconcilers">
        <Mark />
        Chakrator
      </a>
      <nav aria-label="Pages">
        <a href="/reconcilers" aria-current={here(["reconcilers", "reconciler"])}>
          Reconcilers
        </a>
        <a href="/audit" aria-current={here(["audit"])}>
          Audit
        </a>
      </nav>
      <span class="grow" />
      <span class="who" title={groups.length ? `Groups: ${groups.join(", ")}` : "No groups"}>
        {name}
      </span>
      <button type="button" class="plain" onClick={() => void signOut()}>
        Sign out
      </button>
    </header>
  );
}
