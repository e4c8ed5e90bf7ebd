"""What the DNS says about a sending domain, told in words; asked of a real DNS server on loopback."""

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from crm.database import commit
from crm.delivery import domains
from crm.delivery.domain_checks import Dns, look
from crm.delivery.senders import save_sender
from crm.lib import clock

GOOD = {
    ("school.example.", "MX"): ["10 mx.school.example."],
    ("school.example.", "TXT"): ['"v=spf1 include:_spf.carrier.example ~all"', '"other=1"'],
    ("_spf.carrier.example.", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    ("_dmarc.school.example.", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:a@school.example"'],
    ("s1._domainkey.school.example.", "TXT"): ['"v=DKIM1; k=rsa; p=AB" "CD"'],
}


class DnsServer(threading.Thread):
    """Answers what it was told to; silent for names with `slow`."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.records = dict(GOOD)
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            try:
                raw, who = self.socket.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(raw)
            question = query.question[0]
            name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
            if "slow" in name:
                continue
            reply = dns.message.make_response(query)
            found = self.records.get((name, kind))
            if found:
                reply.answer.append(dns.rrset.from_text(question.name, 60, dns.rdataclass.IN, kind, *found))
            elif not any(each == name for each, _ in self.records):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(reply.to_wire(), who)


@pytest.fixture
def server():
    made = DnsServer()
    yield made
    made.socket.close()


def found(server, domain="school.example", **more) -> dict[str, tuple[str, str]]:
    names = {
        "Mail to it (MX)": "mx",
        "Who may send (SPF)": "spf",
        "Signature (DKIM)": "dkim",
        "Policy (DMARC)": "dmarc",
    }
    return {names[each["name"]]: (each["state"], each["words"]) for each in look(domain, Dns(server.address), **more)}


def test_a_domain_in_order(server):
    states = {key: state for key, (state, _) in found(server, dkim=("s1", "v=DKIM1; p=ABCD")).items()}
    assert states == {"mx": "good", "spf": "good", "dkim": "good", "dmarc": "good"}


def test_a_domain_with_nothing(server):
    states = {key: state for key, (state, _) in found(server, "new.example", dkim=("s1", "v=DKIM1; p=ABCD")).items()}
    assert states == {"mx": "bad", "spf": "bad", "dkim": "bad", "dmarc": "bad"}


@pytest.mark.parametrize(
    ("key", "records", "state", "words"),
    [
        (("school.example.", "TXT"), ['"v=spf1 a ~all"', '"v=spf1 mx ~all"'], "bad", "several"),
        (("school.example.", "TXT"), ['"v=spf1 +all"'], "bad", "whole world"),
        (("school.example.", "TXT"), ['"v=spf1 mx"'], "warn", "other senders"),
        (
            ("school.example.", "TXT"),
            ['"v=spf1 ' + " ".join(f"a:h{n}.x" for n in range(11)) + ' ~all"'],
            "bad",
            "11 look-ups",
        ),
        (("_dmarc.school.example.", "TXT"), ['"v=DMARC1; p=none"'], "warn", "only counted"),
        (("_dmarc.school.example.", "TXT"), ['"v=DMARC1; p=maybe"'], "bad", "no policy"),
        (("s1._domainkey.school.example.", "TXT"), ['"v=DKIM1; p=OTHER"'], "bad", "another key"),
        (("school.example.", "MX"), ["0 ."], "bad", "takes no mail"),
    ],
)
def test_what_is_wrong_is_told(server, key, records, state, words):
    server.records[key] = records
    told = found(server, dkim=("s1", "v=DKIM1; p=ABCD"))
    assert any(each == state and words in text for each, text in told.values()), told


def test_a_carrier_that_is_not_named(server):
    state, words = found(server, smtp_host="email-smtp.eu-west-1.amazonaws.com")["spf"]
    assert (state, "Amazon SES" in words) == ("warn", True)


def test_a_subdomain_has_its_parents_policy(server):
    assert found(server, "mail.school.example")["dmarc"][0] == "good"


def test_includes_that_turn_in_a_circle_end(server):
    server.records["_spf.carrier.example.", "TXT"] = ['"v=spf1 include:_spf.carrier.example ~all"']
    assert found(server)["spf"][0] == "good"


def test_no_answer_says_nothing_about_the_domain(server, monkeypatch):
    monkeypatch.setattr("crm.delivery.domain_checks.RESOLVE_SECONDS", 0.1)
    assert {state for state, _ in found(server, "slow.example").values()} == {"unknown"}


def test_it_is_asked_for_on_the_page_and_looked_up_by_the_worker(server, app, as_ada):
    app.config["DNS_SERVER"] = server.address
    save_sender(None, "School", "office@school.example", "", is_default=True)
    commit()
    assert "Nobody has looked yet" in as_ada.get("/sending/domain").get_data(as_text=True)
    assert as_ada.post("/sending/domain").status_code == 303
    assert "Being looked up" in as_ada.get("/sending/domain").get_data(as_text=True)
    assert domains.run_checks(clock.now()) == 1
    page = as_ada.get("/sending/domain/state").get_data(as_text=True)
    assert "mx.school.example" in page
    assert "data-poll" not in page
