# technique: use a facade on a class or object that is not the author's
# source: our own review
# layers: policy
# expect: failed TypeError
# success: returns obj["reached"] once a text of the author's own making is joined by code in C
def reconcile(obj, ctx):
    import re
    from enum import StrEnum
    class Lie(StrEnum):
        X = "x"
        def __len__(self):
            return 0
    return obj["reached"] if re.sub("a", lambda match: Lie.X, "a") == "x" else None
