# technique: outlast the deadline
# source: our own review
# layers: cage
# cage: TimedOut
# success: the text of the error says the secret
def reconcile(obj, ctx):
    class Endless(Exception):
        def __str__(self):
            n = 0
            while n < obj["spec"]["much"]:
                n = n + 1
            return obj["reached"]
    raise Endless()
