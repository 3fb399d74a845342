"""Names of pictures that the requester already has: "existing footage", "unser Material". Regular expressions."""

from typing import Final

OWN: Final = (
    # English, German, French, Spanish, Italian, Portuguese
    r"(?:existing|own|our(?: own)?|my|supplied|provided|attached|archiv(?:e|al)|library|stock|client(?:['’]s)?|found) "
    r"(?:\w+ )?(?:footage|video|clips?|recordings?|rushes|b-?roll|film material|shots?)|archive footage|"
    r"b-?roll from us|"
    r"footage (?:attached|provided|supplied|from us|exists)|"
    r"(?:vorhanden|bestehend|eigen|unser|beigefügt|beiliegend|geliefert|mitgeliefert|angehängt)\w{0,3} (?:\w+ )?"
    r"(?:material|filmmaterial|bildmaterial|videomaterial|drehmaterial|footage|video|aufnahmen?|clips?|drohnen\w+)|"
    r"archivmaterial|archivaufnahmen?|"
    r"(?:images|rushes|vidéos?|séquences?|plans) (?:existant|fourni|joint|d['’]archives?)(?:e?s)?|"
    r"(?:nos|vos|notre) (?:propres? )?(?:images|rushes|vidéos?|séquences?)|"
    r"(?:material|vídeo|metraje|imágenes|grabaci[oó]n(?:es)?) (?:existentes?|propi[oa]s?|de archivo|adjunt[oa]s?)|"
    r"nuestr[oa]s? (?:propi[oa]s? )?(?:material|vídeo|metraje|imágenes|grabaci[oó]n(?:es)?)|"
    r"(?:materiale|filmato|video|riprese|immagini) (?:esistent[ei]|fornit[eoi]|allegat[eoi]|d['’]archivio|"
    r"di repertorio)|"
    r"(?:il nostro|le nostre|nostre) (?:materiale|filmato|video|riprese)|"
    r"(?:material|vídeo|filmagens?|imagens) (?:existentes?|própri[oa]s?|de arquivo|em anexo)|"
    r"noss[oa]s? (?:material|vídeo|filmagens?|imagens)|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech
    r"(?:bestaand|eigen|ons|aangeleverd|bijgevoegd)e? (?:beeld(?:en|materiaal)?|materiaal|video|opnames?|footage)|"
    r"archiefbeeld(?:en)?|(?:istniejąc|własn|nasz|załączon|dostarczon)\w{1,3} (?:materiał\w*|nagrani\w+|film\w*|wideo)|"
    r"(?:befintlig|eget|vårt|bifogad)\w{0,2} (?:material|video|film|klipp|inspelning\w*)|arkivmaterial|arkivbilder|"
    r"(?:eksisterende|eget|vores|vårt|vedlagt) (?:materiale|video|optagelse\w*|opptak\w*|klip\w*)|"
    r"(?:olemassa oleva\w*|oma|meidän|liitteenä oleva) (?:materiaali\w*|video\w*|kuvamateriaali\w*)|"
    r"(?:existující|vlastní|naše|přiložen\w+|dodan\w+) (?:materiál\w*|video|záběr\w*)|"
    # Russian, Ukrainian, Turkish, Arabic, Hebrew, Hindi, Chinese, Japanese, Korean
    r"(?:готов|имеющ|существующ|наш|собственн|приложенн|архивн)\w{1,4} (?:материал\w*|видео\w*|съ[её]мк\w+|кадр\w*)|"
    r"(?:наявн|наш|власн|доданн|архівн)\w{1,3} (?:матеріал\w*|відео\w*|кадр\w*)|"
    r"(?:mevcut|kendi|elimizdeki|ekteki) (?:görüntü\w*|video\w*|çekim\w*)|(?:لقطات|مادة|فيديو) (?:موجودة|جاهزة|مرفقة?|"
    r"أرشيفية?|لدينا)|"
    r"(?:חומר|צילומים|סרטון) (?:קיים|קיימים|שלנו|מצורף|ארכיון)|(?:मौजूदा|हमारा|हमारी|संलग्न) (?:फुटेज|वीडियो)|"
    r"(?:现有|已有|我们的|自有|附带的?|資料|资料)(?:素材|视频|影片|画面|镜头)|(?:既存|手持ち|自社|支給|添付)の?(?:映像|素材|動画)|"
    r"(?:기존|자체|보유|첨부(?:된|한)?) ?(?:영상|푸티지|촬영본)"
)
FILE: Final = r"[\w.-]{1,80}\.(?:mp4|mov|webm|mkv|m4v|avi|mxf)"
