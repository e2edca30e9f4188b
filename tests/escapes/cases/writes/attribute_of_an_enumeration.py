# technique: write where only the host writes
# source: the language reference
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    from enum import Enum
    class Phase(Enum):
        A = 1
    Phase.A.more = obj["reached"]
    return Phase.A.more
