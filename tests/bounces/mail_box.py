"""A small real IMAP server on loopback: one user, one folder, read only commands; it notes every command it was given."""

import re
import socketserver
import threading


class Handler(socketserver.StreamRequestHandler):
    """One client."""

    def handle(self):
        self.say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, _, command = line.partition(" ")
            self.server.box.commands.append(command.partition(" LOGIN")[0] if "LOGIN" not in command else "LOGIN")
            name = command.split()[0].upper()
            if name == "UID":
                name = "UID " + command.split()[1].upper()
            answer = getattr(self, "do_" + name.replace(" ", "_"), None)
            self.say(f"{tag} {answer(command) if answer else 'BAD what'}")
            if name == "LOGOUT":
                return

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def do_CAPABILITY(self, _):
        self.say("* CAPABILITY IMAP4rev1")
        return "OK done"

    def do_LOGIN(self, command):
        return "OK in" if command.endswith('"the password"') else "NO [AUTHENTICATIONFAILED] wrong"

    def do_EXAMINE(self, command):
        if "INBOX" not in command:
            return "NO no such folder"
        self.say(f"* {len(self.server.box.mails)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.server.box.validity}] ok")
        return "OK [READ-ONLY] done"

    def do_UID_SEARCH(self, command):
        first = int(re.search(r"UID (\d+):\*", command).group(1))
        uids = [each for each in self.server.box.mails if each >= first] or sorted(self.server.box.mails)[-1:]
        self.say("* SEARCH " + " ".join(map(str, uids)))
        return "OK done"

    def do_UID_FETCH(self, command):
        uid = int(command.split()[2])
        raw = self.server.box.mails[uid]
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        return "OK done"

    def do_LOGOUT(self, _):
        self.say("* BYE")
        return "OK out"


class MailBox:
    """What is in the folder, and the server before it."""

    def __init__(self):
        self.mails: dict[int, bytes] = {}
        self.commands: list[str] = []
        self.validity = 7
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.box = self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"imap://school:the%20password@127.0.0.1:{self.server.server_address[1]}/INBOX?tls=none"

    def put(self, *mails: bytes) -> None:
        for each in mails:
            self.mails[max(self.mails, default=0) + 1] = each.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
