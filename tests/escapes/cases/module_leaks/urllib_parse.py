# technique: find a real module among the attributes of an offered one
# source: our own survey of public module attributes
# layers: policy, cage
# expect: rejected CHK131
# cage: Retry ModuleNotFoundError
# success: returns the secret
def reconcile(obj, ctx):
    import urllib.parse as parse
    return parse.re.enum.sys.modules["os"].environ["CANARY"]
