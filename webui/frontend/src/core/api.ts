/** What the API takes and gives, as docs and /api/v1/openapi.json have it. Times are RFC 3339 in UTC. */

export interface Page<T> {
  items: T[];
  cursor: string | null;
}

export type Right = "see" | "validate" | "save" | "activate" | "create" | "change" | "delete" | "runs" | "audit";
export type Rights = Record<Right, boolean>;

export interface Session {
  user: { name: string; groups: string[] };
  via: string;
  csrf: string | null;
  rights: Rights;
  rights_namespace: string | null;
}

/** Something that everybody should know. */
export interface Notice {
  code: string;
  severity: "error" | "warning";
  text: string;
}

/** How the product is; `layers` are those of the cage, by name. */
export interface Status {
  ready: boolean;
  read_only: boolean;
  layers: Record<string, string>;
  notices: Notice[];
}

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** The resource as the API server keeps it: `spec` and `status` are the CRD's own camelCase. */
export interface Reconciler {
  namespace: string;
  name: string;
  uid: string;
  resource_version: string;
  generation: number;
  created_at: string;
  deleting: boolean;
  spec: {
    watch?: { apiVersion?: string; kind?: string };
    owns?: { apiVersion: string; kind: string }[];
    serviceAccountName?: string;
    suspend?: boolean;
  };
  status: {
    conditions?: Condition[];
    activeRevision?: { number: number; sha256?: string; activatedAt?: string; activatedBy?: string };
    objects?: { total?: number; failing?: number; lastRunTime?: string };
  };
}

export interface ReconcilerDetail extends Reconciler {
  active: Activation | null;
  newest: number | null;
  rights: Rights & { impersonate: boolean };
}

export interface Position {
  line: number;
  column: number;
}

/** One finding. Lines and columns from 1, columns in UTF-16 units, the end exclusive. */
export interface Diagnostic {
  tool: string;
  code: string;
  severity: "error" | "warning";
  message: string;
  hint: string;
  /** The section about its code, in docs/reference; empty for findings of other tools. */
  doc: string;
  start: Position;
  end: Position;
}

export interface ValidateAnswer {
  ok: boolean;
  diagnostics: Diagnostic[];
  policy_version: string;
  took_ms: number;
}

export interface Revision {
  number: number;
  sha256: string;
  message: string;
  author: string;
  created_at: string;
  policy_version: string;
  report: Diagnostic[];
}

export interface RevisionWithSource extends Revision {
  source: string;
}

/** The details of a 409 to a save: what is newest now, and what the text was based on. */
export interface SaveConflict {
  newest: number;
  base: number | null;
  newest_source: string;
  base_source: string | null;
}

export interface RevisionDiff {
  a: number;
  b: number;
  diff: string;
}

export interface Activation {
  seq: number;
  revision: number;
  sha256: string;
  kind: "activate" | "rollback" | "fallback";
  actor: string;
  reason: string;
  service_account: string;
  at: string;
}

export interface ActiveState {
  active: Activation | null;
  last_good: number | null;
}

export interface Run {
  id: string;
  object: string;
  object_uid: string;
  revision: number;
  outcome: string;
  layer: string | null;
  message: string;
  line: number | null;
  reason: string;
  attempt: number;
  started_at: string;
  duration_ms: number;
  cpu_ms: number;
  peak_memory_bytes: number;
  effects: string[];
  logs: Record<string, unknown>[];
}

export type Level = "debug" | "info" | "warning" | "error";

export interface LogLine {
  seq: number;
  ts: string;
  level: Level;
  message: string;
  fields: Record<string, string>;
  object: string;
  run_id: string;
  revision: number;
}

export interface AuditEntry {
  seq: number;
  ts: string;
  actor: string | null;
  action: string | null;
  namespace: string | null;
  subject: string | null;
  payload: Record<string, unknown> | null;
  salt: string | null;
  payload_sha: string;
  prev: string;
  hash: string;
}

export interface ChainReport {
  ok: boolean;
  entries: number;
  head: string;
  broken_seq: number | null;
  why: string;
}

/** The path of a reconciler in the API. */
export function reconcilerPath(namespace: string, name: string): string {
  return `/namespaces/${encodeURIComponent(namespace)}/reconcilers/${encodeURIComponent(name)}`;
}
