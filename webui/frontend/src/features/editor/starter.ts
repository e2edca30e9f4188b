/** What stands in the editor before anything was saved: the smallest code that passes the gate and does something. */
const WORD = /^[A-Za-z][A-Za-z0-9]*$/;

export function starter(kind: string | undefined): string {
  // A kind's name comes from a manifest; only a plain word may become code.
  const type = kind && WORD.test(kind) ? kind : "MyResource";
  return `"""Says what this reconciler is for."""

from chakrator import Context
from chakrator.kinds import ${type}


def reconcile(obj: ${type}, ctx: Context) -> None:
    """Runs for each ${type} when it changes; asks for what should be there."""
    ctx.log.info("seen", name=obj["metadata"]["name"], reason=ctx.run.reason)
`;
}
