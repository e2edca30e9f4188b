# technique: break the decoder of the host
# source: CWE-502: a supervisor that unpickles
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
    os.write(3, b"\x80\x04\x95" + obj["reached"].encode())
