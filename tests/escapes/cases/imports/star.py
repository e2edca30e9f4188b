# technique: import what is not offered
# source: the language reference
# layers: policy
# expect: rejected CHK132
# success: returns obj["reached"] once it has done what no author may
from math import *
def reconcile(obj, ctx):
    return obj["reached"] if pi else None
