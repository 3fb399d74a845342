"""Verbs with which a brief introduces what is said: of somebody in the film, and of the voice that is heard.

Parts of regular expressions, without case. Orders, shot lists and labels read the same words.
"""

from typing import Final

from activities.planning.structure.orders import words

HEARD: Final = (
    r"(?:we|you) (?:then |now |only )?hear|is heard|(?:man|wir) hör(?:t|en)|hört man|hören wir|zu hören ist|"
    r"on entend|(?:on|nous) enten(?:d|dons)|se (?:oye|escucha)|oímos|escuchamos|si sente|sentiamo|si ode|"
    r"ouve-se|ouvimos|(?:we|je) hor(?:en|t)|horen we|słychać|słyszymy|(?:vi|man) hör|hör (?:vi|man)|(?:vi|man) hører|"
    r"kuulemme|kuullaan|slyšíme|je slyšet|(?:мы )?слышим|слышно|звучит|(?:ми )?чуємо|лунає|ακούμε|ακούγεται|"
    r"duyarız|duyulur|duyuyoruz|نسمع|يُسمع|می[‌ ]?شنویم|שומעים|सुनते हैं|सुनाई देता है|听到|聽到|響起|传来|"
    r"聞こえる|들린다|들립니다"
)
"""A verb of hearing before a quotation; before other words, it introduces a sound."""
WHILE: Final = (
    r"while|whilst|as|wobei|während|pendant que|tandis que|mientras(?: que)?|mentre|enquanto|terwijl|podczas gdy|"
    r"medan|mens|"
    r"пока|بينما|जबकि"
)
"""Between what is seen and who says something."""
EVERY: Final = f"{words.SAYS}|{words.SAYS_MORE}|{HEARD}"
