"""Words of briefs that give the length of each shot: "three shots of 4 seconds", "je 4 Sekunden", "各カット5秒"."""

from typing import Final

SHOTS: Final = (
    r"shots?|scenes?|clips?|takes?|frames?|images?|pictures?|vignettes?|"
    r"(?:kurz)?einstellung(?:en)?|szenen?|bild(?:er)?|motive?|aufnahmen?|"
    r"plans?|scènes?|séquences?|images?|tableaux?|planos?|tomas?|escenas?|imágenes|imagen|"
    r"inquadratur[ae]|scen[ae]|riprese|immagin[ei]|cenas?|takes|imagens?|imagem|"
    r"beelden|beeld|scènes?|ujęci\w*|ujęć|scen[aeyę]?|kadr\w*|tagning(?:ar)?|bilder|scener?|klipp?|klip|otos|kuvaa?|"
    r"záběr\w*|scén\w?|πλάν\w+|σκην\w+|λήψ\w+|sahne|plan|çekim|кадр\w*|сцен\w*|план\w*|дубл\w*|"
    r"لقطات|لقطة|مشاهد|مشهد|نما|שוטים|שוט|סצנות|शॉट्?स?|दृश्य\w*|cảnh|adegan|ช็อต|ฉาก"
)
"""Names of shots in scripts that separate words, in the singular and the plural."""
WIDE_SHOTS: Final = r"カット|ショット|シーン|场景|镜头|鏡頭|画面|畫面|场|컷|장면|샷"
EACH: Final = (
    r"each|apiece|per (?:shot|scene|clip)|"
    r"je|jeweils|jede[rs]?|pro (?:einstellung|szene|bild)|chacune?|par plan|cada un[oa]?|"
    r"cada uma?|por (?:plano|toma|cena)|c/u|ciascun[oa]|cadaun[oa]|l['’]un[oa]|elk|per stuk|ieder|każd[aey]|każdy|po|"
    r"vardera|per (?:tagning|bild)|hver(?:t)?|kukin|každ\w+|έκαστ\w+|καθέν\w+|her biri|кажд\w+|кожн\w+|по|"
    r"لكل (?:منها|لقطة|مشهد)|لكل واحدة|هر کدام|כל אחד|כל אחת|प्रत्येक|हर एक|mỗi cảnh|masing-masing"
)
OF: Final = r"of|at|with|à|a|de|da|di|d['’]|von|zu|mit|van|på|po|по|om|των|die|lasting|von je|zu je|od|z"
"""Between the shots and their length."""
EVERY: Final = (
    r"each|every|per|jede[rs]?|pro|chaque|par|cada|por|ogni|per|elke?|per|każd[aey]|każde|każdy|na|varje|hver(?:t)?|"
    r"jokainen|každ[ýáé]|κάθε|her|кажд\w+|кожн\w+|كل|هر|כל|हर|प्रत्येक|mỗi|setiap|tiap"
)
"""In front of one shot: "every shot 5 seconds"."""
LASTS: Final = (
    r"is|lasts?|runs?|takes?|should (?:be|last)|about|dauert|ist|hat|dure|dura|duurt|trwa|varar|varer|длится|по|"
    r"has|fait|tiene|tem|ha"
)
