# technique: let a format text read attributes
# source: our own review
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    from enum import Enum
    class Text(str, Enum):
        A = "{0._secret}"
    return getattr(Text.A, "for" + "mat")(ctx)
