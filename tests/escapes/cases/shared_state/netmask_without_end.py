# technique: fill a memory that all runs share with many spellings of one key
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once the class remembers them all
from ipaddress import IPv4Network


def reconcile(obj, ctx):
    for count in range(100):
        IPv4Network("10.0.0.0/" + "0" * count + "32")
    return obj["reached"]
