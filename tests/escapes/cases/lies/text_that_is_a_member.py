# technique: pass an object for what only says that it is something else
# source: our own review
# layers: policy
# expect: failed TypeError
# success: the host takes what it did not check
def reconcile(obj, ctx):
    from enum import StrEnum
    class Lie(StrEnum):
        NAME = "x"
        def __len__(self):
            return 0
    ctx.condition("Mine", "True", Lie.NAME, obj["reached"])
