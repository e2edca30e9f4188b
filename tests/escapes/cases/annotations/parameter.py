# technique: have an annotation evaluated
# source: the language reference
# layers: policy
# expect: harmless
# success: returns the secret
def reconcile(obj, ctx):
    seen = []
    def inner(a: seen.append(obj["reached"])) -> seen.append(obj["reached"]):
        return a
    return seen
