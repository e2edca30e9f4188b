# technique: hide a reach in a decorator or a default
# source: the language reference
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    @(lambda one: ctx._secret)
    def found():
        pass
    return found
