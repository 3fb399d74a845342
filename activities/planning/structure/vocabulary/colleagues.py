"""Notes to colleagues in a brief: who pays, who answers, who approves, until when. Regular expressions, without case.

One table for each meaning. The words of `PAYING` are sure by themselves: an advert does not have them. Those of the
other tables are labels with a colon, or need the mark of a note in their sentence: a request, a date, a number.
"""

from typing import Final

PAYING: Final = (
    # cost centres and budget lines
    r"cost cent(?:re|er)s?|charge codes?|budget (?:code|line)s?|po[ -]?(?:number|no\.?|nr\.?)|purchase order|"
    r"kostenstelle\w*|haushaltsstelle\w*|kostenträger\w*|innenauftrag\w*|leitweg-?id|"
    r"centre de co[uû]ts?|code (?:analytique|imputation)|imputation (?:budgétaire|comptable)|ligne budgétaire|"
    r"bon de commande|centro de (?:costes?|costos?|custos?)|partida presupuestaria|orden de compra|"
    r"centro di costo|capitolo di (?:spesa|bilancio)|ordine d['’]acquisto|kostenplaats|inkoopnummer|mpk|"
    r"centrum kosztów|kostnadsställe\w*|omkostningssted|kostnadssted|kustannuspaik\w+|nákladové středisko|"
    r"költséghely|"
    r"masraf (?:merkez|yer)i\w*|центр[а-я]* затрат|стать[яюеи] расходов|κέντρο κόστους|مركز التكلف[ةه]|بند الميزانية|"
    r"מרכז עלות|लागत केंद्र|कॉस्ट सेंटर|成本中心|预算科目|原価センター|部門コード|비용 ?센터|코스트 ?센터|"
    r"예산 ?코드|mã chi phí|"
    # numbers of companies, for an invoice
    r"vat (?:no\.?|number|id)|ust-?id\S*|siret|n[°º]? ?tva|cif(?= [a-z]?\d)|nif(?= [a-z]?\d)|"
    r"p(?:artita |\. ?)iva|codice univoco|cnpj|nip(?= ?\d)|инн(?= ?\d)|税号|사업자 ?등록번호|mã số thuế|"
    # who gets the invoice, and who pays
    r"(?:please |pls |kindly )?(?:invoice|bill) (?:(?:it|this|us|me) )?(?:to(?! (?:your|the (?:app|cloud)))|via|"
    r"goes)|"
    r"(?:send|address) (?:the |your )invoice|(?:invoice|billing) (?:address|contact|details)|"
    r"(?:please |pls |kindly )?charge (?:it|this|the \w+) to|paid (?:for )?(?:from|out of) (?:the|our)|"
    r"rechnung (?:bitte )?(?:an|geht)|rechnungs(?:adresse|anschrift|empfänger\w*)|"
    r"(?:bezahlt|abgerechnet|gebucht) wird (?:aus|über|auf)|(?:bezahlen|abrechnen|buchen) (?:wir|bitte) (?:aus|über)|"
    r"factur(?:er|ez|e) (?:à|au)|facture (?:à|au nom|est à|adressée)|facturation(?= ?:)|adresse de facturation|"
    r"(?:payé|pris en charge|réglé)e?s? (?:par|sur) (?:le (?:service|budget)|la ligne|notre)|"
    r"(?:la )?factura (?:va|a nombre|se emite|debe ir|irá)|facturaci[oó]n(?= ?:)|facturad (?:a|al)|"
    r"datos de facturación|(?:el )?gasto (?:se|lo|va|corre)|"
    r"fattura (?:a|al|alla|va|intestata)|fatturare|fatturazione(?= ?:)|dati di fatturazione|"
    r"fatura (?:em nome|vai|para o)|faturar (?:para|em)|faturamento(?= ?:)|nota fiscal (?:para|em nome)|"
    r"dados (?:de|para) faturamento|pagamento (?:sai|fica) (?:da|do|pela|pelo|com)|(?:el )?pago (?:sale|corre|"
    r"va) (?:de|a)|"
    r"pagamento a carico|factu(?:ur|reren) (?:naar|graag|aan|kan)|factuuradres|betaald wordt|"
    r"faktur(?:a|ę) (?:na|proszę|idzie)|płatność(?= ?:)|koszty (?:pokrywa|ponosi)|"
    r"faktur(?:an?|aadress|aadresse)? (?:till|skickas|til)|fatura (?:adresi|bilgileri)|"
    r"ödeme\w*(?= ?:)|ödeme\w* (?:\S+ ){0,3}(?:bütçesinden|hesabından)|"
    r"сч[её]т (?:на|выстав\w+)|оплата (?:из|с|по|за сч[её]т)|оплата(?= ?:)|реквизиты|"
    r"(?:ال)?فاتورة (?:باسم|إلى|على)|(?:تدفع|الدفع|تخصم|الخصم) من (?:ميزانية|حساب)|"
    r"(?:बिल|इनवॉइस) (?:\S+ ){1,5}(?:के नाम|को भेज\S*|पर भेज\S*)|भुगतान (?:\S+ ){0,4}(?:बजट|विभाग)|"
    r"发票(?:抬头|开给|请开|寄)|开票(?:信息|抬头)|(?:费用|費用)(?:走|由|从|從|计入)|費用は[^。]{1,20}(?:負担|予算)|"
    r"請求先|請求書は[^。]{1,25}(?:宛|まで|へ|に(?:送|お願い))|お?支払い?(?= ?[:：])|"
    r"계산서는? .{1,20}(?:로|앞으로) (?:발행|보내|부탁)|비용은 .{1,20}(?:부담|예산|처리)|hóa đơn (?:gửi|xuất)|"
    r"thanh toán(?= ?:)|chi phí (?:do|lấy từ|tính vào)"
)
APPROVING: Final = (
    r"sign[ -]?off|approv(?:al|ed|es|er)|cleared by|\w*freigabe\w*|freigegeben|abnahme|genehmigung|"
    r"validation|à valider|bon à tirer|aprobaci[oó]n|(?:lo |la )?aprueba|visto bueno|approvazione|da approvare|"
    r"aprovaç[aã]o|(?:quem )?aprova|goedkeuring|akkoord|akceptacj\w+|zatwierdz\w+|godkänn\w+|godkend\w+|godkjenn\w+|"
    r"hyväksyntä|schválen\w+|onay\w*|согласован\w+|утвержда\w+|утвержден\w+|έγκριση|(?:ال)?موافق[ةه]|(?:ال)?اعتماد|"
    r"אישור|स्वीकृति|अनुमोदन|मंज़ूरी|审批|審批|审核人?|承認者?|確認者|승인|컨펌|결재|phê duyệt|duyệt"
)
UNTIL: Final = (
    r"deadline|abgabe(?:termin|schluss)?|needed by|we need (?:it|this|the \w+) by|date limite|à (?:livrer|rendre)|"
    r"fecha (?:l[ií]mite|de entrega)|scadenza|data di consegna|prazo|data de entrega|oplevering|termin oddania|"
    r"son teslim|teslim tarihi|дедлайн|срок сдачи|موعد التسليم|الموعد النهائي|डेडलाइन|截止|納期|締め?切り?|마감|납기|"
    r"hạn chót"
)
"""An advert has other words for its dates: an offer ends, a delivery comes, an event has a day."""
CONTACT: Final = (
    r"contact(?: person)?|point of contact|kontakt(?:person|partner)?|personne (?:à contacter|référente)|"
    r"interlocut\w+|(?:persona de )?contacto|referente|(?:persona di )?contatto|(?:pessoa de )?contato|"
    r"contactpersoon|osoba (?:do kontaktu|kontaktowa)|yhteyshenkilö|kontaktní osoba|kapcsolattartó|iletişim|"
    r"ilgili kişi|irtibat|контакт\w*|контактное лицо|υπεύθυνος|επικοινωνία|جهة (?:ال)?(?:اتصال|تواصل)|للتواصل|"
    r"(?:ال)?مسؤول|איש קשר|संपर्क|联系人|聯繫人|联系方式|联系电话|連絡先|担当者?|담당자?|연락처|(?:người )?liên hệ"
)
ASKING: Final = (
    r"any (?:questions|queries|problems)|anything unclear|if (?:unsure|unclear|in doubt)|if you need (?:(?:more|"
    r"any|the) )?(?:photos?|pictures?|files?|logos?|footage)|ansprech(?:partner|person)\w*|(?:bei )?rückfragen|"
    r"bei fragen|pour toute question|(?:para |ante )?cualquier (?:duda|consulta|cosa)|per (?:qualsiasi|ogni) "
    r"(?:domanda|dubbio)|qualquer dúvida|bij vragen|w razie pytań|vid frågor|ved spørgsmål|ved spørsmål|"
    r"sorularınız|по (?:всем )?вопросам|لأي استفسار|कोई (?:भी )?सवाल|如有(?:疑问|问题)|有问题|ご不明な点|궁금한 점|"
    r"(?:questions?|fragen|dudas|domande|dúvidas|vragen|pytania|вопросы)\s*(?:[–—-]|to|an|à|a|para|aan|do|к)|"
    r"có thắc mắc"
)
OF_ADVERTS: Final = (
    r"ll[aá]m[ae]nos|escr[ií]benos|contáctanos|chiama(?:te)?ci|contatta(?:te)?ci|scrivi(?:te)?ci|conosco|"
    r"us|our|uns(?:er\w*)?|nous|nos|notre|nosotros|nuestr\w+|noi|nostr\w+|nós|noss\w+|ons|onze|nas|nasz\w*|oss|"
    r"vår\w*|"
    r"bize|bizi|нас|нам|наш\w*|μας|بنا|हमें|हमसे|我们|我們|当店|弊社|저희|chúng tôi"
)
"""An advert asks to call "us", a note somebody."""
ATTACHING: Final = (
    r"attached|attachments?|enclosed|anbei|im anhang|angehängt|ci-joint\w*|en (?:pièce jointe|pj)|adjunt[oa]s?|"
    r"in allegato|allegat[oaie]|em anexo|bijgevoegd|in de bijlage|w załączniku|bifoga\w+|vedhæftet|vedlagt|"
    r"liitteenä|v příloze|mellékel\w+|ekte|ektedir|во вложении|прикреп\w+|συνημμέν\w+|مرفق\w*|מצורף|"
    r"संलग्न|附件|附上|添付|첨부|đính kèm"
)
QUOTE: Final = (
    r"quote|estimate|(?:das |ein )?angebot|devis|presupuesto|preventivo|orçamento|offerte|wycen[aęy]|kosztorys|"
    r"offert|"
    r"tilbud|tarjous|nabídk\w+|árajánlat|teklif|смет[аыу]|προσφορά|عرض (?:ال)?سعر|הצעת מחיר|कोटेशन|报价|報價|"
    r"見積(?:書|もり|り)?|견적(?:서)?|báo giá"
)
PLEASE: Final = (
    r"please|pls|kindly|can you|could you|let me know|bitte|könnt ihr|können sie|merci de|s['’]il (?:vous|"
    r"te) pla[iî]t|"
    r"stp|svp|tu (?:m['’]|me |nous )\w+|(?:env|mand|pas)[ií]a?(?:me|nos)|por favor|avis(?:a|ad|en)|"
    r"per favore|(?:mi|ci) (?:mand|invi)\w+|graag|alstublieft|aub|proszę|vänligen|"
    r"venligst|vennligst|"
    r"kiitos|prosím|kérem|lütfen|пожалуйста|просьба|παρακαλώ|من فضلك|يرجى|الرجاء|בבקשה|कृपया|请|請|お願い|ください|"
    r"부탁|주세요|바랍니다|vui lòng|xin|nhờ"
)
CALLING: Final = (
    r"ring|ask|call|ping|text me|an (?:herrn|frau)|llam(?:a|ad|en)|voir avec|chiedere a|chiamare|fale com|bel|"
    r"dzwonić|"
    r"zapytaj|к|询问|找|に聞いて|에게"
)
"""Before the one who answers."""
SENDING: Final = (
    r"send (?:me|us)|(?:schick|send)\w* (?:sie |ihr )?(?:mir|uns)|senden sie das angebot|(?:m['’]|nous |me )envo\w+|"
    r"envo\w+[- ](?:moi|nous)|à envoyer|env[ií]\w*(?:me|nos)|(?:me|nos) (?:env|mand)\w+|(?:mand|invi)\w*(?:mi|ci)|"
    r"(?:mi|ci) (?:mand|invi)\w+|entro \w+ per favore|stuur (?:mij|me|ons)|prześlij\w*|wyślij\w*|"
    r"skicka (?:till )?(?:mig|oss)|"
    r"(?:bana|bize) gönder\w*|пришлите|отправьте|أرسلوا? (?:لنا|لي)|भेजें|भेज दें|(?:发|發)给我\w*|送ってください|"
    r"お送りください|보내 ?주세요|gửi (?:cho )?(?:tôi|mình|chúng tôi)"
)
"""A quote that the sender of the brief asks for; an advert offers one."""
DRAFT: Final = (
    r"(?:first|rough|final) (?:cut|draft|version|edit)|first draft|erste[nrs]? (?:fassung|schnitt|entwurf|"
    r"version)|rohschnitt|"
    r"première version|premier (?:montage|jet)|primera versi[oó]n|primer (?:borrador|corte|montaje)|"
    r"prima (?:versione|bozza)|"
    r"primo montaggio|primeir[ao] (?:versão|corte|rascunho)|eerste versie|pierwsz\w+ wersj\w+|första (?:versionen|"
    r"utkastet)|"
    r"перв\w+ (?:версию|вариант|монтаж)|черновик|ilk (?:taslak|kurgu)|المسودة الأولى|पहला ड्राफ्ट|初稿|初版|"
    r"第一版|초안|1차 편집본"
)
"""What the studio delivers before the film, with a date or a request."""
FILES: Final = (
    r"logos?|photos?|pictures?|files?|footage|briefing|script|brand guide|fotos?|bilder|dateien|fichiers?|archivos?|"
    r"imágenes|immagini|imagens|bestanden|pliki|zdjęcia|лого\w*|файлы?|фото|फ़ाइल\w*"
)
DATES: Final = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|eod|cob|asap|tomorrow|(?:mon|diens|donners|frei|sams|sonn)tag|"
    r"mittwoch|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|demain|lunes|martes|mi[eé]rcoles|jueves|viernes|"
    r"domingo|luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|domani|(?:segunda|terça|quarta|quinta|sexta)"
    r"(?:-feira)?|amanhã|(?:maan|dins|woens|donder|vrij)dag|poniedział\w+|wtor\w+|środ[aęy]|czwart\w+|piąt\w+|jutra|"
    r"(?:mån|tis|ons|tors|fre|man|tirs)dag|pazartesi|salı|çarşamba|perşembe|cuma|yarın|понедельник\w*|вторник\w*|"
    r"сред[уы]|четверг\w*|пятниц\w+|завтра|(?:يوم )?(?:ال)(?:أحد|اثنين|ثلاثاء|أربعاء|خميس|جمعة)|(?:सोम|मंगल|बुध|गुरु|"
    r"शुक्र)वार|周[一二三四五六日]|星期[一二三四五六日]|[月火水木金]曜|[월화수목금]요일|thứ (?:hai|ba|tư|năm|sáu)"
)
MONTHS: Final = (
    r"jan|feb|fév|fev|gen|ene|mar|mär|avr|apr|abr|ma[iyjg]|jun|juin|giu|jul|juil|lug|aug|ago|ao[uû]t|sep|set|oct|okt|"
    r"ott|out|nov|dec|déc|dez|dic|sty|lut|kwi|cze|lip|sie|wrz|paź|lis|gru|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara|"
    r"янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|जन|फ़?र|मार्च|अप्रै|मई|जून|जुल|अग|सित|अक्टू|नव|दिस|يناير|"
    r"فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر|tháng"
)
"""Begins of the names of months, after a number."""
BACKGROUND: Final = (
    r"background|context|why (?:this|we) \w+|hintergrund|kontext|anlass|contexte|contexto|antecedentes|contesto|"
    r"premessa|achtergrond|tło|kontekst|bakgrund|baggrund|bakgrunn|tausta|pozadí|háttér|arka plan|bağlam|"
    r"контекст|предыстори\w+|справка|πλαίσιο|(?:ال)?خلفية|السياق|רקע|पृष्ठभूमि|संदर्भ|背景|经过|배경|bối cảnh"
)
"""The label of why a film is made."""
