# technique: pass an object for what only says that it is something else
# source: our own review
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    from enum import StrEnum
    class Lie(StrEnum):
        NAME = "_secret"
    return getattr(ctx, Lie.NAME)
