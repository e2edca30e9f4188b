# technique: pass an object for what only says that it is something else
# source: our own review
# layers: policy
# expect: failed TypeError
# success: the host takes what it did not check
def reconcile(obj, ctx):
    class Chameleon:
        def __eq__(self, other):
            return True
        def __hash__(self):
            return 1
        def __str__(self):
            return obj["reached"]
    ctx.condition("Mine", Chameleon(), "Reason", str(Chameleon()))
