# technique: use a text that is one thing when checked and another when used
# source: our own review
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    from enum import Enum
    class Name(str, Enum):
        A = "_secret"
    return getattr(ctx, Name.A)
