"""The frame around an email written in Markdown, the footer under every email, and the two invisible parts."""

from string import Template

FOOTER = Template(
    "$home$address<br>You receive this because you are in touch with $name. "
    '<a href="$unsubscribe" style="color:#667085;text-decoration:underline">Unsubscribe</a> · '
    '<a href="$preferences" style="color:#667085;text-decoration:underline">Choose what you get</a> · '
    '<a href="$view" style="color:#667085;text-decoration:underline">Read in your browser</a>'
)
NOTICE_FOOTER = Template("$home$address<br>You get this because your address was given to $name.")
STAFF_FOOTER = Template(
    "You get this because you work at $name. What is emailed to you is chosen on your account page."
)
HOME = Template('<a href="$website" style="color:#667085;text-decoration:underline">$name</a>')
FOOTER_ADDRESS = Template(" · $address")
BRAND = Template(
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px"><tr>'
    '<td align="center" style="padding:0 20px 20px"><img src="$logo" alt="$name" height="40"'
    ' style="display:block;height:40px;width:auto;max-width:100%;border:0"></td></tr></table>'
)
"""The school's logo above the card."""
PREHEADER = Template(
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">$text</div>'
)
PIXEL = Template('<img src="$url" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">')

MARKDOWN = Template("""\
<!doctype html>
<html lang="und" dir="auto"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<style>
body{margin:0;padding:0;background:#f4f5f7;-webkit-text-size-adjust:100%}
.card{max-width:600px;background:#fff;border-radius:8px}
.words{padding:32px;font:16px/1.6 -apple-system,BlinkMacSystemFont,"Segoe UI",Helvetica,Arial,sans-serif;color:#1f2733}
.words h1{font-size:24px;line-height:1.3;margin:0 0 16px}.words h2{font-size:20px;line-height:1.3;margin:24px 0 12px}
.words h3{font-size:16px;margin:24px 0 8px}.words p,.words ul,.words ol{margin:0 0 16px}.words img{max-width:100%;height:auto}
.words a{color:#2257c5}.words blockquote{margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #d9dee6;color:#4b5565}
.words hr{border:0;border-top:1px solid #e4e7ec;margin:24px 0}.words th,.words td{padding:4px 12px 4px 0;text-align:left}
.foot{padding:20px 32px;font:12px/1.5 -apple-system,BlinkMacSystemFont,"Segoe UI",Helvetica,Arial,sans-serif;color:#667085}
@media (max-width:620px){.words{padding:24px 20px}.card{border-radius:0}}
@media (prefers-color-scheme:dark){body,.page{background:#14171c!important}.card{background:#1d2229!important}
.words{color:#e6e9ee!important}.words a{color:#8ab4ff!important}.foot,.foot a{color:#a3abb8!important}}
</style></head>
<body style="margin:0;padding:0"><table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="background:#f4f5f7"><tr><td align="center" style="padding:24px 8px">
$brand<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="max-width:600px;background:#ffffff;border-radius:8px"><tr><td class="words" align="left"
 style="padding:32px;font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:1.6;color:#1f2733">
$words
</td></tr></table>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px"><tr>
<td class="foot" align="center" style="padding:20px 32px;font-family:Helvetica,Arial,sans-serif;font-size:12px;color:#667085">
$footer
</td></tr></table>
</td></tr></table></body></html>
""")


def within_body(html: str, first: str, last: str) -> str:
    """The document with something put at the start and the end of its body."""
    opening = html.find(">", html.find("<body")) + 1
    closing = html.rfind("</body>")
    return html[:opening] + first + html[opening:closing] + last + html[closing:]
