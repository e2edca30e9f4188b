# technique: import what is not offered
# source: our own review
# layers: policy, cage
# expect: rejected CHK131
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    from json import codecs
    return codecs.sys.modules["os"].environ["CANARY"]
