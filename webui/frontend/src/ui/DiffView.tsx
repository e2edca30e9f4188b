/** A unified diff as a table: signs and line numbers, not colour alone. */
import { countChanges, type DiffRow } from "../core/diff";

const SIGNS = { same: " ", added: "+", removed: "−", gap: "" };
const SAID = { same: "", added: "added", removed: "removed", gap: "" };

export function DiffView({ rows, label }: { rows: DiffRow[]; label: string }) {
  if (rows.length === 0) return <p class="quiet">No difference.</p>;
  const { added, removed } = countChanges(rows);
  return (
    <div class="diff">
      <p class="diff-sum">
        <span class="plus">+{added}</span> <span class="minus">−{removed}</span> <span class="quiet">{label}</span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section class="diff-scroll" tabIndex={0} aria-label={label}>
        <table>
          <tbody>
            {rows.map((row, i) =>
              row.kind === "gap" ? (
                <tr key={i} class="gap">
                  <td colSpan={3}>⋯</td>
                  <td>{row.text}</td>
                </tr>
              ) : (
                <tr key={i} class={row.kind}>
                  <td class="number">{row.left}</td>
                  <td class="number">{row.right}</td>
                  <td class="sign">
                    {SIGNS[row.kind]}
                    <span class="sr">{SAID[row.kind]}</span>
                  </td>
                  <td class="text">{row.text}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </section>
    </div>
  );
}
