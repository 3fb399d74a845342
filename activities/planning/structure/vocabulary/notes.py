"""Labels of what is about the film and no part of it: people, dates, tasks, formats, wishes. Without case.

Also the headings of sections with such notes.
"""

from typing import Final

LABELS: Final = (
    # English
    r"notes?|style|tone|tone of voice|mood|look|look (?:and|&) feel|audience|target(?: audience| group)?|format|"
    r"aspect|"
    r"budget|client|deadline|language|(?:references?|sources?|links?|attachments?|moodboard|inspiration)|camera|lens|"
    r"lighting|light|wardrobe|props|cast(?:ing)?|talent|location|avoid|do not|don'ts?|dos|mandator(?:y|ies)|author|"
    r"draft(?: date)?|contact|credit|copyright|context|background|agency|campaign|objective|goal|brief|"
    r"hosts|attendees|participants|owner|responsible|action items?|to-?dos?|next (?:steps?|meeting)|"
    r"decisions?|deliverables?|usage|placement|platforms?|channels?|colou?rs?|fonts?|typography|"
    r"vfx|cgi|grading|grade|transition|plate|crew|editing|edit|pace|pacing|version|status|p\.?s\.?|"
    # German
    r"quellen?|anlagen?|stil|tonalität|stimmung|zielgruppe|kamera|licht|hinweise?|kunde|kontext|hintergrund|"
    r"agentur|teilnehmer(?:innen|:innen)?|teilnehmende|anwesend(?:e)?|verantwortlich|zuständig|nächster? termin|"
    r"nächste schritte|aufgaben|beschluss|ziel|farben|schnitt|besetzung|rollen|bildformat|"
    r"dreh(?:ort|tag)?|kostenstelle|ansprechpartner(?:in)?|bitte beachten|"
    # French
    r"ton|ton et style|caméra|lumière|remarques?|public|cible|contexte|objectif|présents?|participants|absents?|"
    r"objet|"
    r"à faire|prochaine réunion|prochaines étapes|décisions?|responsable|couleurs|montage|rythme|distribution|"
    r"casting|"
    r"tournage|à noter|consignes?|contraintes?|livrables?|"
    # Spanish
    r"fuentes?|estilo|tono|c[aá]mara|luz|notas?|cliente|contexto|objetivo|público|asistentes|pendientes?|tareas|"
    r"próxima reunión|próximos pasos|acuerdos|responsable|colores|montaje|ritmo|reparto|localización|ojo|"
    r"observaciones|entregables?|"
    # Italian
    r"fonti|stile|nota|note|note per la troupe|contesto|obiettivo|pubblico|destinatari|presenti|da fare|"
    r"prossim[ai] (?:riunione|passi)|decisioni|colori|montaggio|regia|fotografia|cast|"
    # Portuguese
    r"fontes?|notas?|objetivo|público(?:-alvo)?|presentes|pendências|próxima reunião|próximos passos|cores|edição|"
    r"elenco|locação|observaç(?:ão|ões)|obs\.?|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech
    r"bronnen?|doel(?:groep)?|stijl|toon|sfeer|opmerking(?:en)?|aanwezig(?:en)?|actiepunten|volgende vergadering|"
    r"kleuren|locatie|uwagi?|styl|odbiorcy|grupa docelowa|obecni|do zrobienia|następne spotkanie|kolory|"
    r"källor|målgrupp|stil|obs|närvarande|att göra|nästa möte|färger|målgruppe|kohderyhmä|huom|poznámka|"
    r"cílová skupina|"
    # Russian, Ukrainian, Turkish, Greek
    r"источники?|стиль|примечани[ея]|аудитория|цель|тон|настроение|присутствовали|участники|"
    r"задачи|следующая встреча|цвета|монтаж|джерела|примітк[аи]|hedef kitle|not(?:lar)?|tarz|"
    r"katılımcılar|yapılacaklar|renkler|kaynaklar?|σημείωση|ύφος|"
    # Arabic, Persian, Hebrew, Hindi
    r"المصادر|المراجع|الأسلوب|(?:ال)?ملاحظ(?:ة|ات)|الجمهور(?: المستهدف)?|الهدف|الحضور|النبرة|قالب|توجه|"
    r"הערות?|קהל יעד|שימו לב|संदर्भ|शैली|नोट|लक्ष्य|लक्षित दर्शक|टिप्पणी|"
    # Japanese, Chinese, Korean
    r"参考(?:資料)?|參考|スタイル|カメラ|備考|トーン|注意(?:点|事項)|案件|納品|ターゲット|目的|媒体|出演者?|"
    r"出席者|担当|"
    r"次回|宿題|色|构图|风格|風格|备注|備註|镜头运动|拍摄注意|注意事项|受众|受眾|目标|目標|画幅|色调|"
    r"参会人员?|出席|待办|演员|地点|地點|출처|참고|스타일|비고|주의(?:사항)?|타깃|타겟|목적|참석자|담당|할 일|톤|장소"
)
HEADINGS: Final = (
    r"brand|guide(?:lines?)?|guidelines|notes?|background|context|about|audience|tone|style|rules|requirements?|"
    r"specs?|"
    r"deliverables?|mandator(?:y|ies)|do'?s|don'?ts|appendix|attendees|action items|to-?dos?|next steps|"
    r"logistics|budget|"
    r"aufgaben|nächste schritte|à faire|prochaines étapes|tareas|pendientes|próximos pasos|da fare|prossimi passi|"
    r"pendências|próximos passos|actiepunten|do zrobienia|att göra|задачи|yapılacaklar|宿題|待办|할 일|"
    r"marke(?:nrichtlinien?)?|richtlinien?|leitfaden|hintergrund|kontext|hinweise|anmerkungen|zielgruppe|"
    r"tonalität|stil|"
    r"vorgaben|anforderungen|rahmendaten|aufgaben|charte|marque|contexte|consignes|remarques|cible|contraintes|"
    r"marca|manual|contexto|notas|público|requisitos|estilo|linee guida|contesto|note|requisiti|stile|diretrizes|"
    r"observações|huisstijl|merk|achtergrond|opmerkingen|richtlijnen|marki|wytyczne|uwagi|tło|varumärke|riktlinjer|"
    r"bakgrund|бренд\w*|гайд\w*|примечани\w+|требовани\w+|контекст|marka|notlar|arka plan|kılavuz\w*|"
    r"ブランド|ガイドライン|備考|注意|要件|背景|品牌|规范|備註|备注|要求|브랜드|가이드|비고|الهوية|ملاحظات|"
    r"إرشادات|ब्रांड"
)
