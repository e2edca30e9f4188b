# technique: have a type do what an annotation says
# source: the language reference
# layers: policy
# expect: failed NameError
# success: returns the secret
def reconcile(obj, ctx):
    def made(one: (found := obj["reached"])) -> None:
        pass
    return found
