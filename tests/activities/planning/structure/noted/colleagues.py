"""Briefs between notes to colleagues: who pays, who approves; dictated ones, and tables that spaces divide."""

from typing import Final

from tests.activities.planning.structure.noted.model import Noted

COLLEAGUES: Final = {
    "cost_centre_de": Noted(
        "de",
        20,
        (
            "Das Museum von außen, Morgenlicht.",
            "Eine Restauratorin reinigt einen Rahmen.",
            "Kinder zeichnen vor einem großen Gemälde.",
            "Das Plakat der Ausstellung.",
        ),
        (),
    ),
    "openday_en": Noted(
        "en",
        20,
        (
            "Gates open, families walk in.",
            "A girl lights a Bunsen burner.",
            "The choir sings on the stairs.",
            "A teacher waves goodbye.",
        ),
        (),
    ),
    "columns_zh": Noted(
        "zh",
        15,
        ("", "一根面，一条心。", "老味道，还在。"),
        (),
    ),
    "columns_en": Noted(
        "en",
        15,
        ("Someone has to stay awake.", "Every night, since 1871.", ""),
        (),
    ),
    "dictated_en": Noted(
        "en",
        20,
        ("", "", "", "Fresh since nineteen sixty two."),
        (),
    ),
    "inline_silent_en": Noted(
        "en",
        15,
        ("", "", ""),
        (),
    ),
    "plumber_en": Noted(
        "en",
        30,
        ("", "", "", "", "", ""),
        (("Kev's Heating - 24/7", 6), ("0151 496 0000", 6)),
    ),
    "town_hall_fr": Noted(
        "fr",
        20,
        (
            "La façade de la mairie au matin.",
            "Une agente accueille un habitant.",
            "Un enfant reçoit sa première carte de bibliothèque.",
        ),
        (),
    ),
    "restaurant_fr": Noted(
        "fr",
        20,
        ("", "", "", ""),
        (("Chez Odile, midi et soir", 4),),
    ),
    "club_es": Noted(
        "es",
        20,
        ("Aquí no hay banquillo.", "", "Aquí jugamos todas.", ""),
        (("Inscríbete antes del 30 de junio", 4),),
    ),
    "estate_zh": Noted(
        "zh",
        20,
        ("", "", "", "", ""),
        (("云栖湾，回家的方向", 5),),
    ),
    "grant_en": Noted(
        "en",
        36,
        (
            "In Turkana, water is a day's walk away.",
            "Last spring, forty villages decided to dig.",
            "I did not believe it until I was wet.",
            "Thirty-six pounds keeps one tap running for a year.",
        ),
        (("wateraid-turkana.example", 4),),
    ),
    "church_en": Noted(
        "en",
        20,
        ("", "", "", ""),
        (("All are welcome", 0),),
    ),
    "clinic_pl": Noted(
        "pl",
        15,
        ("Zdrowo rosnąć.", "Razem.", ""),
        (("Przychodnia Pod Lipą", 3),),
    ),
    "season_en": Noted(
        "en",
        25,
        ("Six weeks.", "Four stages.", "", "One city holding its breath.", "", ""),
        (("Spring Season — from 3 March — citytheatre.example", 6),),
    ),
    "school_tr": Noted(
        "tr",
        18,
        ("", "", "", ""),
        (("Birlikte büyüyoruz", 4),),
    ),
    "hospital_zh": Noted(
        "zh",
        15,
        ("每一天，从信任开始。", "每一步，都有人陪。", "仁和医院。"),
        (),
    ),
    "nurses_fr": Noted(
        "fr",
        30,
        ("On ne choisit pas ce métier pour dormir.", "", "On le choisit pour les matins.", ""),
        (("Rejoignez-nous – chu-exemple.fr", 4),),
    ),
    "hairdresser_es": Noted(
        "es",
        20,
        ("", "", "", "Sal como tú quieras."),
        (),
    ),
    "market_ko": Noted(
        "ko",
        15,
        ("", "", "", ""),
        (("우리 동네의 하루", 4),),
    ),
    "museum_ar": Noted(
        "ar",
        18,
        ("", "", ""),
        (("المتحف الوطني — الدخول مجاني", 3),),
    ),
    "beds_it": Noted(
        "it",
        24,
        ("Ogni notte, qualcuno aspetta.", "Ogni mattina, qualcuno comincia.", "", ""),
        (("Dona su lettipuliti.example", 4),),
    ),
    "school_hi": Noted(
        "hi",
        18,
        ("हर बच्चा एक सितारा।", "", "", ""),
        (("वार्षिक दिवस, 12 जनवरी", 4),),
    ),
    "pots_es": Noted(
        "es",
        20,
        ("", "", "", ""),
        (("Riega a tu vecino", 4),),
    ),
    "parish_en": Noted(
        "en",
        30,
        ("", "", "You don't have to believe anything to be hungry."),
        (("Thursday lunch. Everyone.", 3),),
    ),
    "bikes_de": Noted(
        "de",
        20,
        ("", "", "", ""),
        (("Radschlag", 4),),
    ),
    "library_pl": Noted(
        "pl",
        20,
        ("", "", "", "", ""),
        (("Otwieramy 2 września", 5),),
    ),
    "football_ko": Noted(
        "ko",
        16,
        ("", "아무도 보지 않을 때.", "우리는 준비했다.", ""),
        (("개막전 3월 9일", 4),),
    ),
    "sold_en": Noted(
        "en",
        20,
        ("", "", "", "It's not a house. It's where the sofa goes."),
        (("Hartley & Moss — 020 7946 0000", 4),),
    ),
    "carshare_it": Noted(
        "it",
        15,
        ("", "", "", ""),
        (("Scarica GoGiro", 4),),
    ),
}
