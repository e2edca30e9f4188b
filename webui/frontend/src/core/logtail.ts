/**
 * The live tail of one reconciler's logs. The server sends only what it has credit for, so a page that cannot keep
 * up is sent less, not more; what is lost for it is counted. Resumes by sequence number after a broken connection.
 */
import { io, type Socket } from "socket.io-client";
import type { LogLine } from "./api";

/** Lines the server may have under way to us. */
const CREDIT = 500;

export type TailState =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "waiting"; why: string }
  | { kind: "closed"; why: string };

export interface TailEvents {
  onLines: (lines: LogLine[], dropped: number) => void;
  onState: (state: TailState) => void;
}

interface Failure {
  code: string;
  message: string;
}
type Acknowledged = { ok: true; id?: string } | { ok: false; error: Failure };
interface Lines {
  id: string;
  lines: LogLine[];
  dropped: number;
}

/** Errors after which asking again gives the same answer. */
const FINAL = new Set(["forbidden", "not_found", "invalid"]);

export function tail(namespace: string, name: string, events: TailEvents): () => void {
  const socket: Socket = io("/logs", {
    path: "/socket.io",
    transports: ["websocket"],
    reconnectionDelay: 500,
    reconnectionDelayMax: 10_000,
    forceNew: true,
  });
  let id = "";
  let since: number | null = null;
  let stopped = false;
  let again: ReturnType<typeof setTimeout> | undefined;

  const subscribe = () => {
    clearTimeout(again);
    events.onState({ kind: "connecting" });
    socket
      .timeout(10_000)
      .emit("subscribe", { namespace, name, since, credit: CREDIT }, (late: unknown, answer: Acknowledged) => {
        if (stopped) return;
        if (late) return waitAndSubscribe("The server did not answer.");
        if (answer.ok) {
          id = answer.id ?? "";
          events.onState({ kind: "live" });
        } else {
          refused(answer.error);
        }
      });
  };
  const waitAndSubscribe = (why: string) => {
    events.onState({ kind: "waiting", why });
    clearTimeout(again);
    again = setTimeout(() => socket.connected && subscribe(), 3000);
  };
  const refused = (error: Failure) => {
    id = "";
    if (FINAL.has(error.code)) {
      events.onState({ kind: "closed", why: error.message });
      socket.disconnect();
    } else {
      waitAndSubscribe(error.message);
    }
  };

  socket.on("connect", subscribe);
  socket.on("disconnect", (reason) => {
    // Our own end has been told already, with its reason.
    if (reason !== "io client disconnect")
      events.onState({ kind: "waiting", why: "The connection is lost; trying again." });
  });
  socket.on("connect_error", (error: Error) => {
    const why = error.message === "unauthenticated" ? "Sign in again to go on." : "No connection; trying again.";
    events.onState({ kind: "waiting", why });
    // A connection that was refused by name isn't tried again by the library.
    if (!socket.active && !stopped) again = setTimeout(() => socket.connect(), 5000);
  });
  socket.on("lines", (batch: Lines) => {
    if (id !== "" && batch.id !== id) return;
    const last = batch.lines.at(-1);
    if (last) since = last.seq;
    events.onLines(batch.lines, batch.dropped);
    // Credit goes back once the browser had its chance to paint: a hidden or busy page asks for less.
    if (batch.lines.length > 0) {
      const give = () => {
        if (!stopped) socket.emit("credit", { id: batch.id, n: batch.lines.length });
      };
      if (document.hidden) setTimeout(give, 250);
      else requestAnimationFrame(give);
    }
  });
  socket.on("closed", (message: { id: string; error: Failure }) => {
    if (message.id === id) refused(message.error);
  });

  return () => {
    stopped = true;
    clearTimeout(again);
    if (socket.connected && id) socket.emit("unsubscribe", { id });
    socket.disconnect();
  };
}
