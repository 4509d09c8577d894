# mail_server.py [--tls CERT KEY] FILE - a mail server that writes what it gets to FILE; with --tls it wants STARTTLS and the
# user corridor with the password right-secret. Prints its address.
import signal
import socket
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

args = sys.argv[1:]
options = {}
if args[0] == "--tls":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args[1], args[2])

    def check(server, session, envelope, mechanism, data):
        session.who = data.login.decode()
        return AuthResult(success=data.password == b"right-secret", handled=False)

    options = dict(tls_context=context, require_starttls=True, auth_required=True, authenticator=check)
    args = args[3:]


class Keep:
    async def handle_DATA(self, server, session, envelope):
        with open(args[0], "a") as out:
            out.write("envelope %s %s\n" % (envelope.mail_from, envelope.rcpt_tos))
            out.write(envelope.content.decode().replace("\r\n", "\n"))
            out.write("session tls=%s user=%s\n" % (session.ssl is not None, getattr(session, "who", None)))
        return "250 kept"


with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
controller = Controller(Keep(), hostname="127.0.0.1", port=port, **options)
controller.start()
print("127.0.0.1:%d" % port, flush=True)
signal.pause()
