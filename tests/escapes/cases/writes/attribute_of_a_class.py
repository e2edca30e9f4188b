# technique: write where only the host writes
# source: the language reference
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    class Mine:
        pass
    Mine.x = obj["reached"]
    return Mine.x
