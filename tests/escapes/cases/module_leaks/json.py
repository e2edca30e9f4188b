# technique: find a real module among the attributes of an offered one
# source: our own survey of public module attributes
# layers: policy, cage
# expect: rejected CHK131
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    import json
    return json.codecs.sys.modules["os"].environ["CANARY"]
