# technique: answer for another run, or twice
# source: our own review
# layers: policy, cage
# expect: rejected CHK130
# cage: ProtocolViolation
# success: the host hears it
def reconcile(obj, ctx):
    import os
    def send(body):
        data = body.encode("utf-8", "surrogatepass")
        data = len(data).to_bytes(4, "big") + data
        while data:
            data = data[os.write(3, data):]
    def frame(tag, rest):
        return '{"t":"' + tag + '","id":"' + ctx.run.id + '",' + rest + "}"
    status = '"status":{"a":"' + obj["reached"] + '"}'
    first, second = frame("done", '"logs_dropped":0'), frame("done", status)
    data = b"".join(len(one).to_bytes(4, "big") + one.encode() for one in (first, second))
    os.write(3, data)
    while obj["spec"]["much"] > 10**6:
        pass
