/** Diffs as rows to show: made here for text nobody has saved yet, or parsed from the server's unified diff. */
import { diffIndices } from "node-diff3";

export interface DiffRow {
  kind: "same" | "added" | "removed" | "gap";
  /** Line numbers from 1 on either side, where the line is there. */
  left: number | null;
  right: number | null;
  text: string;
}

const CONTEXT = 3;

/** A line diff of two texts, three lines of context around each change. */
export function diffTexts(before: string, after: string): DiffRow[] {
  const [left, right] = [before.split("\n"), after.split("\n")];
  const rows: DiffRow[] = [];
  let [at, to] = [0, 0];
  const same = (until: number) => {
    for (; at < until; at++, to++) rows.push({ kind: "same", left: at + 1, right: to + 1, text: left[at] ?? "" });
  };
  for (const change of diffIndices(left, right)) {
    same(change.buffer1[0]);
    for (const text of change.buffer1Content) rows.push({ kind: "removed", left: ++at, right: null, text });
    for (const text of change.buffer2Content) rows.push({ kind: "added", left: null, right: ++to, text });
  }
  same(left.length);
  return fold(rows);
}

/** Keeps lines near a change; the rest is one gap a stretch. No change gives no rows. */
function fold(rows: DiffRow[]): DiffRow[] {
  const near = new Uint8Array(rows.length);
  rows.forEach((row, i) => {
    if (row.kind !== "same") near.fill(1, Math.max(0, i - CONTEXT), i + CONTEXT + 1);
  });
  if (!near.includes(1)) return [];
  const folded: DiffRow[] = [];
  rows.forEach((row, i) => {
    if (near[i]) folded.push(row);
    else if (folded.at(-1)?.kind !== "gap") folded.push({ kind: "gap", left: null, right: null, text: "" });
  });
  return folded;
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)$/;

/** Reads a unified diff; its two header lines say nothing that the page doesn't. */
export function parseUnified(diff: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let [left, right] = [0, 0];
  let inside = false;
  for (const line of diff.split("\n")) {
    const hunk = HUNK.exec(line);
    if (hunk) {
      [left, right] = [Number(hunk[1]), Number(hunk[2])];
      inside = true;
      rows.push({ kind: "gap", left: null, right: null, text: hunk[3]?.trim() ?? "" });
    } else if (!inside || line.startsWith("\\")) {
    } else if (line.startsWith("+")) {
      rows.push({ kind: "added", left: null, right: right++, text: line.slice(1) });
    } else if (line.startsWith("-")) {
      rows.push({ kind: "removed", left: left++, right: null, text: line.slice(1) });
    } else if (line.startsWith(" ")) {
      rows.push({ kind: "same", left: left++, right: right++, text: line.slice(1) });
    }
  }
  return rows;
}

export function countChanges(rows: DiffRow[]): { added: number; removed: number } {
  const count = (kind: DiffRow["kind"]) => rows.filter((row) => row.kind === kind).length;
  return { added: count("added"), removed: count("removed") };
}
