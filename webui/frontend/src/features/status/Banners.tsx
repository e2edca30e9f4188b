/** What everybody who is signed in should know, on every page, for as long as it is so: nothing here can be closed. */
import type { Status } from "../../core/api";
import { explain } from "../../core/http";
import { useResource } from "../../core/resource";
import { IconCross, IconWarn } from "../../ui/icons";

const EVERY = 15_000;

export function Banners() {
  const { data, error } = useResource<Status>("/status", EVERY).state.value;
  const notices = [...(data?.notices ?? [])];
  if (error && !data) {
    const text = `Nobody knows whether the cage is whole: ${explain(error)}`;
    notices.push({ code: "unknown", severity: "warning", text });
  }
  return (
    <div class="banners" aria-live="polite">
      {notices.length > 0 && (
        <section aria-label="State of Chakrator">
          {notices.map(({ code, severity, text }) => (
            <p key={`${code} ${text}`} class={severity === "error" ? "bad" : "warn"}>
              {severity === "error" ? <IconCross /> : <IconWarn />}
              <span>{marked(sentence(text))}</span>
            </p>
          ))}
        </section>
      )}
    </div>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** What stands between backticks is something to type. */
function marked(text: string) {
  return text.split("`").map((part, index) => (index % 2 ? <code key={part}>{part}</code> : part));
}
