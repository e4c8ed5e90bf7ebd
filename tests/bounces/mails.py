"""Mails as they come to a mailbox."""


def dsn(*recipients: str, name: str = "", returned: str = "", number: str = "1") -> bytes:
    """A delivery status notification (RFC 3464); each recipient is `address action status diagnostic`."""
    blocks = "\n".join(_block(*each.split(" ", 3)) for each in recipients)
    headers = returned or f"Message-ID: {name}\nSubject: Hi Carla\n"
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: school@school.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn{number}@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I am sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

{blocks}
--b
Content-Type: text/rfc822-headers

{headers}
--b--
""".encode()


def _block(address: str, action: str, status: str, diagnostic: str = "") -> str:
    return (
        f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}\n"
    )


def reply(
    name: str, text: str = "Yes, please!", *headers: str, sender: str = "carla@example.com", number: str = "1"
) -> bytes:
    """An answer to the mail with this Message-ID."""
    more = "".join(f"{each}\n" for each in headers)
    return f"""From: Carla Diaz <{sender}>
To: school@school.example
Subject: =?utf-8?q?Re=3A_Gr=C3=BC=C3=9Fe?=
Message-ID: <reply{number}@example.com>
In-Reply-To: {name}
References: <other@example.com> {name}
{more}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{text}
""".encode()


COMPLAINT = """From: feedback@isp.example
To: school@school.example
Subject: Complaint
Message-ID: <arf@isp.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is spam.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1

--b
Content-Type: message/rfc822

Message-ID: {name}
Subject: Hi Carla

Hello
--b--
"""
QMAIL = """From: MAILER-DAEMON@qmail.example
To: school@school.example
Subject: failure notice
Message-ID: <q@qmail.example>

Hi. This is the qmail-send program.
<carla@example.com>:
550 5.1.1 sorry, no mailbox here by that name

--- Below this line is a copy of the message.

Message-ID: {name}
Subject: Hi
"""
