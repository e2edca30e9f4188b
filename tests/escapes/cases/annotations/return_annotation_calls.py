# technique: have a type do what an annotation says
# source: the language reference
# layers: policy
# expect: harmless
# success: returns the secret
def reconcile(obj, ctx):
    seen = []
    def made() -> seen.append(obj["reached"]):
        pass
    return seen
