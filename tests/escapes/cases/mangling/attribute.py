# technique: let name mangling make a private name
# source: the language reference
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    class Ctx:
        def steal(self, other):
            return other.__hidden
    return Ctx().steal(ctx)
