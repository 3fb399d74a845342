"""Names of sounds in the languages of briefs, one table a meaning: labels, columns and sentences read the same words.

Parts of regular expressions, without case.
"""

from typing import Final

MUSIC: Final = (
    # English, German, French
    r"(?:background |theme |title )?music(?: bed| track| cue)?|music|(?:music )?bed|soundtrack|theme tune|"
    r"(?:hintergrund|film|titel)?musik(?:bett|untermalung)?|untermalung|"
    r"musique(?: de fond| d['’]ambiance)?|fond musical|bande[ -]son|habillage sonore|"
    # Spanish, Italian, Portuguese
    r"m[uú]sica(?: de fondo| de fundo| di sottofondo| ambiental)?|banda sonora|sinton[ií]a|"
    r"sottofondo(?: musicale)?|colonna sonora|base musicale|trilha(?: sonora)?|fundo musical|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech, Hungarian, Romanian, Croatian
    r"(?:achtergrond)?muziekje?|(?:achtergrond)?muziek|muzyka(?: w tle)?|podkład(?: muzyczny)?|"
    r"(?:bakgrunds|baggrunds|bakgrunns)?musikk?|(?:tausta)?musiikki|hudba|hudební podkres|zene|muzic[ăa]|glazba|"
    r"muzika|"
    # Russian, Ukrainian, Serbian, Greek, Turkish
    r"(?:фоновая |фонова )?(?:музыка|музика)|саундтрек|μουσική|(?:fon |arka plan )?müzi(?:k|ği)|"
    # Arabic, Persian, Hebrew, Hindi, Urdu, Bengali, Tamil
    r"(?:ال)?موسيقى(?: الخلفية| التصويرية| خلفية)?|موسیقی(?: متن| پس‌زمینه)?|מוזיקת רקע|מוזיקה|פסקול|"
    r"(?:पृष्ठभूमि |बैकग्राउंड )?(?:संगीत|म्यूज़?िक)|সঙ্গীত|இசை|"
    # Chinese, Japanese, Korean, Thai, Vietnamese, Indonesian, Estonian
    r"(?:背景)?(?:音乐|音樂)|配乐|配樂|BGM|音楽|楽曲|劇伴|(?:배경 ?)?음악|브금|ดนตรี|nhạc(?: nền)?|âm nhạc|"
    r"musik latar|muusika"
)
AMBIENCE: Final = (
    r"ambien(?:ce|t)(?: sounds?)?|atmos?|room tone|background (?:noise|sounds?)|nat(?:ural)?\.? sounds?|nats|"
    r"wild ?track|"
    r"(?:umgebungs|hintergrund)geräusche?|geräusche?|geräuschkulisse|klangkulisse|"
    r"ambiance sonore|fond sonore|bruits? de fond|(?:sonido|ruido|som|ruído) de fondo?|rumor[ei] di fondo|"
    r"sons? d['’]ambiance|sonido ambiente?|sonido ambiental|suoni ambientali|"
    r"som ambiente|(?:omgevings|sfeer|achtergrond)geluid(?:en)?|tło dźwiękowe|(?:bakgrunds|baggrunds|"
    r"miljö)(?:ljud|lyd)|"
    r"интершум|лайф|фоновый шум|ortam sesi|(?:ال)?أصوات (?:الخلفية|المحيط|الطبيعة)|"
    r"环境音|環境音|环境声|環境聲|现场声|現場音|현장음|환경음|주변음"
)
EFFECTS: Final = (
    r"sfx|fx|sound effects?|foley|soundeffekte?|bruitages?|effets sonores|efectos(?: de sonido| sonoros)?|"
    r"effetti(?: sonori)?|efeitos(?: sonoros)?|geluidseffect(?:en)?|efekty(?: dźwiękowe)?|(?:ljud|lyd)effekt(?:er)?|"
    r"äänitehoste(?:et)?|hang(?:effekt|hatás)|звуковые эффекты|шумы?|ses efekt(?:i|leri)|efekt ses|"
    r"(?:ال)?مؤثرات(?: الصوتية| صوتية)?|ध्वनि प्रभाव|音效|效果音|効果音|音効|SE|효과음|เสียงประกอบ"
)
SOUND: Final = (
    r"audio|sounds?(?: design)?|audio cue|ton|sonidos?|sons?|suon[oi]|rumori?|som|geluid(?:en)?|dźwięki?|ljud|lyd|"
    r"ääni|zvuky?|ήχος|ses|звуки?|صدا|סאונד|เสียง|âm thanh|sunet|heli|sauti|শব্দ|ஒலி|ध्वनी|ध्वनि|声音|聲音|"
    r"사운드|소리"
)
"""Names that leave open what is heard."""
EVERY: Final = f"{MUSIC}|{AMBIENCE}|{EFFECTS}|{SOUND}"
HEARD: Final = (
    r"(?:(?:the|a|an|only the|just the) )?(?:sounds?|noise) of|(?:we|you) (?:only |just )?hear|"
    r"(?:nur )?(?:das |ein )?(?:geräusche?|klang|klänge|rauschen) (?:von|der|des|einer|eines)|(?:man|"
    r"wir) hör(?:t|en)|"
    r"(?:le |un |juste le )?(?:bruits?|sons?) d(?:e|u|es|['’])|on entend|(?:el |un |solo el )?(?:sonidos?|"
    r"ruidos?) de|se oyen?|"
    r"(?:il |un |solo il )?(?:suono|rumore) d(?:i|el|ella|ei|ell['’])|si sent(?:e|ono)|"
    r"(?:o |um |só o )?(?:som|barulho|ruído) d[aeo]s?|ouvem?-se|ouve-se|(?:het )?geluid van|(?:we|je) horen?|"
    r"(?:dźwięk|odgłos)\w*|słychać|ljudet av|(?:vi|man) hör|lyden af|lyden av|(?:vi|man) hører|"
    r"(?:звук|шум|стук|скрип)\w*|слышно|слышен|sadece .{1,30} sesi|صوت|نسمع"
)
"""The begin of a sentence that only says what is heard."""
MUSIC_SENTENCE: Final = (
    r"(?:côté|pour la|comme|en|als|zur|as for|for the|as|de|como|en cuanto a la|per la|come|qua|som|co do) "
    rf"(?:la )?(?:{MUSIC})\s*[,:]"
)
"""The begin of a sentence about the music, without a label: "Côté musique, une clarinette."."""
