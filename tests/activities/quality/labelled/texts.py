"""Texts as models write them, good and damaged."""

# ruff: noqa: E501 - each text is a line

from typing import Final

GOOD: Final = (
    (
        "en",
        "Write a post about the night train.",
        "Fall asleep in Vienna and wake up by the sea. The night train leaves at ten, and breakfast is included.",
    ),
    ("en", "Write a headline of at most 8 words.", "Sleep well, wake up elsewhere"),
    (
        "de",
        "Schreibe einen Absatz über das Café.",
        "Um sechs Uhr öffnet das Café am Hafen, und der Duft von frischem Brot zieht durch die ganze Straße.",
    ),
    (
        "fr",
        "Écris une légende.",
        "Le phare veille sur la mer depuis deux cents ans, et chaque soir sa lumière revient.",
    ),
    (
        "es",
        "Escribe un texto breve.",
        "La panadería abre antes del amanecer y el barrio despierta con el olor del pan recién hecho.",
    ),
    ("ja", "短い紹介文を書いてください。", "朝六時、港のカフェが開き、焼きたてのパンの香りが通りに広がります。"),
    ("ar", "اكتب نصا قصيرا", "يفتح المقهى أبوابه عند الفجر وتملأ رائحة الخبز الطازج الشارع كله كل صباح"),
    ("en", "Write a caption.", "Fresh. Warm. Yours. 🥐 #bakery #morning [See the menu](https://example.com/menu)"),
    (
        "en",
        "Write about assistants for an AI company.",
        "Our assistant answers in seconds, day and night. It learns what your customers ask, and gets better each week.",
    ),
    (
        "en",
        "Write the script of the film with its shots.",
        "1. A lighthouse at dawn.\n2. A boat leaves the harbour.\n3. The keeper climbs the stairs [slowly] and lights the lamp.",
    ),
    (
        "en",
        "Write the body of a creative brief, in about 60 words.",
        "The audience is people who travel between cities on weekdays. They want to arrive rested. We show the cabin, the breakfast and the sea in the morning. The tone is calm, and the colours are dark blue and gold. The film ends with the name of the line and the time of departure. We use no music in the first shot.",
    ),
    ("en", "Write a list of ingredients.", "- flour\n- water\n- salt\n- time"),
)
"""Language, prompt, text."""

DAMAGED: Final = (
    (
        "placeholder",
        "en",
        "Write a post.",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.",
    ),
    (
        "placeholder",
        "en",
        "Write a letter.",
        "Dear [Insert Name], thank you for your order. We hope that you enjoy it.",
    ),
    (
        "placeholder",
        "en",
        "Write a post.",
        "As an AI language model, I cannot visit the cafe, but people say that it is quiet.",
    ),
    (
        "placeholder",
        "en",
        "Write a letter.",
        "Welcome to {{company_name}}, where every morning begins with fresh bread.",
    ),
    ("placeholder", "en", "Write a post.", "Visit us at [Your Address] from Monday to Friday, and bring your friends."),
    (
        "placeholder",
        "de",
        "Schreibe einen Text.",
        "Als KI-Sprachmodell kann ich das Café nicht besuchen, aber es soll dort sehr gemütlich sein.",
    ),
    (
        "placeholder",
        "en",
        "Write a post.",
        "I'm sorry, but I can't help with that request. Is there anything else that you need?",
    ),
    (
        "language",
        "de",
        "Write a paragraph about the harbour.",
        "The cafe at the harbour opens at six, and the smell of fresh bread fills the whole street.",
    ),
    (
        "language",
        "en",
        "Write a paragraph about the harbour.",
        "Um sechs Uhr öffnet das Café am Hafen, und der Duft von frischem Brot zieht durch die Straße.",
    ),
    (
        "language",
        "fr",
        "Write a paragraph.",
        "La panadería abre antes del amanecer y el barrio despierta con el olor del pan recién hecho.",
    ),
    (
        "too_long",
        "en",
        "Write a headline of at most 8 words.",
        "Sleep well in our comfortable cabins tonight and then wake up somewhere else entirely, rested and happy",
    ),
    (
        "too_long",
        "en",
        "Write a post, maximum 60 characters.",
        "Fall asleep in Vienna and wake up by the sea: the night train leaves at ten, with breakfast.",
    ),
    (
        "too_long",
        "en",
        "A 10-word limit applies. Write a slogan.",
        "We have been baking bread for you and for your family since the year nineteen hundred and twelve",
    ),
)
"""The check that finds it, language, prompt, text."""
