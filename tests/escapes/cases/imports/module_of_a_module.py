# technique: import what is not offered
# source: our own review
# layers: policy
# expect: rejected CHK131
# success: returns the secret
def reconcile(obj, ctx):
    from json import codecs
    return codecs.sys.modules["os"].environ["CANARY"]
