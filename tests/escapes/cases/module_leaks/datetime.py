# technique: find a real module among the attributes of an offered one
# source: our own survey of public module attributes
# layers: policy, cage
# expect: rejected CHK131
# cage: Retry KeyError
# success: returns the secret
# versions: until 3.11
def reconcile(obj, ctx):
    import datetime
    return datetime.sys.modules["os"].environ["CANARY"]
