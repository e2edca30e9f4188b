# technique: write where only the host writes
# source: the language reference
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    def mine():
        pass
    mine.x = obj["reached"]
    return mine.x
