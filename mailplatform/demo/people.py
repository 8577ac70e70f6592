"""Who writes in the demonstration: a firm of windows and doors, and the people it deals with. All domains are reserved names."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "example.test"


@dataclass(frozen=True, slots=True)
class Person:
    """name: as it stands in From, in any script."""

    name: str
    address: str

    @property
    def is_ours(self) -> bool:
        return self.address.endswith(f"@{DOMAIN}")


PEOPLE = {
    # the firm
    "admin": Person("First Administrator", f"admin@{DOMAIN}"),
    "anna": Person("Anna Rossi", f"anna@{DOMAIN}"),
    "bruno": Person("Bruno Keller", f"bruno@{DOMAIN}"),
    "office": Person("Rossi Keller Serramenti", f"office@{DOMAIN}"),
    "team": Person("Team Rossi Keller", f"team@{DOMAIN}"),
    "info": Person("", f"info@{DOMAIN}"),
    # customers
    "giulia": Person("Giulia Conti", "giulia.conti@edilverdi.example"),
    "tom": Person("Tom Ashworth", "tom@ashworth-architects.example"),
    "zoe": Person("Zoë Łuczak", "zoe.luczak@ashworth-architects.example"),
    "priya": Person("Priya Natarajan", "priya@harbourlofts.example"),
    "renzo": Person("Renzo Dal Bò", "renzo.dalbo@comune-valchiara.example"),
    "elisa": Person("Elisa Però", "elisa.pero@posta-famiglia.example"),
    "david": Person("David Okafor", "david.okafor@okafor-homes.example"),
    # suppliers and services
    "marco": Person("Marco Bellini", "m.bellini@vetreriabellini.example"),
    "juergen": Person("Jürgen Größl", "groessl@holz-groessl.example"),
    "nadia": Person("Nadia El-Amrani", "nadia@studio-elamrani.example"),
    "sofia": Person("Sofia Müller", "sofia.mueller@fensterbund.example"),
    "linh": Person("Nguyễn Thùy Linh", "linh@hingeworks.example"),
    "bank": Person("Banca della Valle", "avvisi@banca-valle.example"),
    "carrier": Person("Corriere Alpino", "avvisi@corriere-alpino.example"),
    "legno": Person("Legno Vivo – la newsletter", "newsletter@legnovivo.example"),
    "glazing": Person("The Glazing Weekly", "hello@glazingweekly.example"),
    "backup": Person("backup", "backup@nas.rossikeller.example"),
    "voice": Person("Segreteria telefonica", "voicemail@telefonia-alta.example"),
    "shop": Person("Toolshop Orders", "orders@toolshop.example"),
    "energia": Person("Energia Chiara", "fatture@energia-chiara.example"),
    "spam1": Person("PRIZE DEPARTMENT", "winner@lucky-prizes.example"),
    "spam2": Person("Dott. Finanza Facile", "prestiti@soldi-subito.example"),
    "spam3": Person("SEO Expert ★★★★★", "rank1@seo-boost.example"),
    "slow": Person("Paola Lenti", "paola@slow.test"),
    "full": Person("Archivio Storico", "full@slow.test"),
    "refuse": Person("Ing. Refuse", "refuse@slow.test"),
}
