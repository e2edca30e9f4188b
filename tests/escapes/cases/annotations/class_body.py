# technique: have an annotation evaluated
# source: the language reference
# layers: policy
# expect: harmless
# success: returns the secret
def reconcile(obj, ctx):
    seen = []
    class Mine:
        x: seen.append(obj["reached"]) = 1
    return seen
