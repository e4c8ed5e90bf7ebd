"""Which fields a column can fill, and what columns are called in the files people have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from crm.contacts.parsing import fold
from crm.custom_fields.queries import custom_fields

FIELDS = {
    "first_name": "First name",
    "last_name": "Last name",
    "full_name": "Full name",
    "email": "Email",
    "phone": "Phone",
    "country": "Country",
    "city": "City",
    "language": "Language",
    "timezone": "Time zone",
    "source": "Source",
    "birthday": "Birthday",
    "lifecycle_stage": "Stage",
    "owner": "Owner (email of a colleague)",
    "team": "Team (its name)",
    "guardian": "Guardian (email, external ID, id or name of a contact)",
    "referrer": "Referred by (email, external ID, id or name of a contact)",
    "external_id": "External ID",
    "tags": "Tags",
    "opted_out": "Opted out of email (yes, no or a date)",
    "email_consent": "Consent to email (yes, no or a date)",
    "utm_source": "UTM source",
    "utm_medium": "UTM medium",
    "utm_campaign": "UTM campaign",
    "utm_term": "UTM term",
    "utm_content": "UTM content",
}
"""The fields of every school that a file can fill; `fields` has its own too."""
IDENTIFYING = ("email", "phone", "first_name", "last_name", "full_name")
FOR_ALL_SEEING = {"owner", "team", "guardian", "referrer"}
"""Fields that those who see only their own contacts do not fill."""

HEADINGS = {
    "first_name": "firstname givenname forename first vorname rufname prenom nombre nombrepropio nome primeironome voornaam imie fornamn adi ad",
    "last_name": "lastname surname familyname last nachname familienname zuname nom nomdefamille apellido apellidos cognome sobrenome apelido"
    " achternaam nazwisko efternamn soyadi soyad",
    "full_name": "name fullname contact contactname student studentname displayname nomcomplet nombrecompleto nomecompleto naam volledigenaam namn",
    "email": "email emailaddress mail mailaddress emailadresse mailadresse adressemail adresseemail courriel correo correoelectronico"
    " correoe posta postaelettronica indirizzoemail emailadres epost eposta adresemail enderecodeemail email1 primaryemail",
    "phone": "phone phonenumber telephone tel mobile mobilephone mobilenumber cell cellphone whatsapp telefon telefonnummer handy handynummer"
    " mobil mobilnummer mobiltelefon rufnummer numerodetelephone portable telefono movil celular cellulare telefone telemovel telefoon telefoonnummer"
    " telefonnr numertelefonu phone1 primaryphone",
    "country": "country countrycode land staat laenderkennung pays pais paese nazione landcode kraj ulke",
    "city": "city town ort stadt wohnort ville ciudad localidad citta comune cidade stad plaats woonplaats miasto stadort sehir",
    "language": "language lang preferredlanguage locale sprache langue idioma lingua taal jezyk sprak dil",
    "timezone": "timezone tz zeitzone fuseauhoraire zonahoraria fusoorario fusohorario tijdzone",
    "source": "source leadsource origin herkunft quelle origine provenance origen fuente fonte origem bron zrodlo kalla",
    "utm_source": "utmsource",
    "utm_medium": "utmmedium",
    "utm_campaign": "utmcampaign",
    "utm_term": "utmterm",
    "utm_content": "utmcontent",
    "birthday": "birthday birthdate dateofbirth dob geburtstag geburtsdatum datedenaissance naissance fechadenacimiento nacimiento"
    " datadinascita datanascita datadenascimento nascimento geboortedatum dataurodzenia fodelsedatum dogumtarihi",
    "lifecycle_stage": "stage lifecyclestage lifecycle status phase etape etapa fase stadium",
    "owner": "owner contactowner assignedto accountowner besitzer betreuer zustandig responsable responsabile responsavel eigenaar",
    "team": "team mannschaft equipe equipo squadra group gruppe",
    "guardian": "guardian parent guardianemail parentemail erziehungsberechtigter eltern tuteur tutor responsavellegal ouder",
    "referrer": "referrer referredby referral empfohlenvon parraine recomendadopor",
    "external_id": "externalid externalidentifier customerid studentid studentnumber memberid kundennummer mitgliedsnummer schuelernummer"
    " numeroclient numerodeeleve idexterno idesterno klantnummer",
    "opted_out": "unsubscribed unsubscribe unsubscribedat optout optedout optedoutat emailoptout hasoptedoutofemail donotemail nomarketing newsletterabgemeldet"
    " newsletterabbestellt abbestellt abbestelltam abgemeldet abgemeldetam desabonne desinscrit baja bajaboletin disiscritto cancelado afgemeld uitgeschreven",
    "email_consent": "emailconsent consent consenttoemail marketingconsent emailmarketingconsent acceptsmarketing acceptsemailmarketing optin optedin emailoptin"
    " newsletter subscribed subscribedtonewsletter einwilligung einwilligungam newslettereinwilligung consentat consentdate consentement consentimiento consenso consentimento toestemming nieuwsbrief",
    "tags": "tags tag labels label schlagworte etiketten etiquettes etiquetas etichette",
}
_BY_HEADING = {heading: field for field, names in HEADINGS.items() for heading in names.split()}


def fields() -> dict[str, str]:
    """Every field a column can fill, with its label."""
    return {**FIELDS, **{each.name: each.label for each in custom_fields()}}


def guess(columns: Sequence[str], samples: Sequence[Sequence[str]] = ()) -> dict[str, str]:
    """The likely mapping: by heading, then an unnamed column of addresses by its values. No field is filled twice."""
    found: dict[str, str] = {}
    own = {heading_key(text): each.name for each in custom_fields() for text in (each.label, each.key, each.name)}
    for index, column in enumerate(columns):
        field = own.get(heading_key(column)) or _BY_HEADING.get(heading_key(column))
        if field and field not in found.values():
            found[str(index)] = field
    if "email" not in found.values() and (index := _column_of_addresses(samples)) is not None:
        found[str(index)] = "email"
    if "full_name" in found.values() and "last_name" in found.values():
        _name_is_first_name(found)
    return found


def heading_key(column: str) -> str:
    """The heading without case, accents and punctuation."""
    return re.sub("[^a-z0-9]", "", fold(column).replace("ß", "ss"))


def headings_key(columns: Sequence[str]) -> str:
    """What a set of headings is known by, in whatever order they stand."""
    return sha256("\n".join(sorted(map(heading_key, columns))).encode()).hexdigest()


def mapping_like(before: Sequence[str], mapping: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """The mapping of a file with the same headings, perhaps in another order, for these columns."""
    known = fields()
    by_heading = {heading_key(before[int(index)]): field for index, field in mapping.items() if field in known}
    return {
        str(index): by_heading[key] for index, name in enumerate(columns) if (key := heading_key(name)) in by_heading
    }


def problem_of(mapping: Mapping[str, str], columns: Sequence[str], dedupe: str = "email") -> str | None:
    """What is wrong with a mapping, in words."""
    filled, known = list(mapping.values()), fields()
    if any(not key.isdigit() or int(key) >= len(columns) or field not in known for key, field in mapping.items()):
        return "The mapping names a column or a field that does not exist."
    twice = next((field for field in filled if filled.count(field) > 1), None)
    if twice:
        return f"Two columns fill “{known[twice]}”. Choose one."
    if dedupe != "email" and dedupe not in filled:
        return f"Contacts are to be told apart by their {known[dedupe].lower()}, but no column holds it."
    if not set(filled) & {*IDENTIFYING, dedupe}:
        return "Choose at least the column that holds the email, the phone or the name."
    return None


def _column_of_addresses(samples: Sequence[Sequence[str]]) -> int | None:
    width = max(map(len, samples), default=0)
    for index in range(width):
        values = [row[index] for row in samples if index < len(row) and row[index].strip()]
        if values and sum("@" in each for each in values) * 2 > len(values):
            return index
    return None


def _name_is_first_name(found: dict[str, str]) -> None:
    """“Name, Vorname” and “Nom, Prénom”: a bare name beside a last name is the first name, unless that has its own column."""
    index = next(key for key, field in found.items() if field == "full_name")
    del found[index]
    if "first_name" not in found.values():
        found[index] = "first_name"
