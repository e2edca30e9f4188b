# technique: write where only the host writes
# source: the language reference
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    def mine():
        pass
    mine.items = []
    mine.items += [obj["reached"]]
    return mine.items
