"""The same brief in many languages: a sentence, several sentences, and a phrase that is too short to be judged."""

from typing import Final

BRIEFS: Final[dict[str, tuple[str, str, str]]] = {
    "en": (
        "A lighthouse keeper climbs the stairs one last time before the storm.",
        "Our bakery opens at five. The ovens are warm, the street is still dark. "
        "Come in and taste the first loaf of the day.",
        "Fresh coffee every morning",
    ),
    "de": (
        "Ein Leuchtturmwärter steigt ein letztes Mal die Treppe hinauf, bevor der Sturm kommt.",
        "Unsere Bäckerei öffnet um fünf. Die Öfen sind warm, die Straße ist noch dunkel. "
        "Komm herein und probiere das erste Brot des Tages.",
        "Jeden Morgen frischer Kaffee",
    ),
    "fr": (
        "Un gardien de phare monte l'escalier une dernière fois avant la tempête.",
        "Notre boulangerie ouvre à cinq heures. Les fours sont chauds, la rue est encore sombre. "
        "Entrez et goûtez le premier pain de la journée.",
        "Un café frais chaque matin",
    ),
    "es": (
        "Un farero sube la escalera por última vez antes de la tormenta.",
        "Nuestra panadería abre a las cinco. Los hornos están calientes, la calle sigue a oscuras. "
        "Entra y prueba el primer pan del día.",
        "Café recién hecho cada mañana",
    ),
    "it": (
        "Un guardiano del faro sale le scale un'ultima volta prima della tempesta.",
        "Il nostro forno apre alle cinque. I forni sono caldi, la strada è ancora buia. "
        "Entra e assaggia il primo pane della giornata.",
        "Caffè fresco ogni mattina",
    ),
    "pt": (
        "Um faroleiro sobe a escada pela última vez antes da tempestade.",
        "A nossa padaria abre às cinco. Os fornos estão quentes, a rua ainda está escura. "
        "Entre e prove o primeiro pão do dia.",
        "Café fresco todas as manhãs",
    ),
    "nl": (
        "Een vuurtorenwachter klimt voor de laatste keer de trap op voordat de storm komt.",
        "Onze bakkerij gaat om vijf uur open. De ovens zijn warm, de straat is nog donker. "
        "Kom binnen en proef het eerste brood van de dag.",
        "Elke ochtend verse koffie",
    ),
    "sv": (
        "En fyrvaktare går uppför trappan en sista gång innan stormen kommer.",
        "Vårt bageri öppnar klockan fem. Ugnarna är varma, gatan är fortfarande mörk. "
        "Kom in och smaka på dagens första bröd.",
        "Nybryggt kaffe varje morgon",
    ),
    "da": (
        "En fyrpasser går op ad trappen en sidste gang, før stormen kommer.",
        "Vores bageri åbner klokken fem. Ovnene er varme, gaden er stadig mørk. "
        "Kom indenfor og smag dagens første brød.",
        "Frisk kaffe hver morgen",
    ),
    "no": (
        "En fyrvokter går opp trappen en siste gang før stormen kommer.",
        "Bakeriet vårt åpner klokka fem. Ovnene er varme, gata er fortsatt mørk. "
        "Kom inn og smak på dagens første brød.",
        "Fersk kaffe hver morgen",
    ),
    "fi": (
        "Majakanvartija nousee portaat viimeisen kerran ennen myrskyä.",
        "Leipomomme avautuu viideltä. Uunit ovat lämpimät, katu on vielä pimeä. "
        "Tule sisään ja maista päivän ensimmäistä leipää.",
        "Tuoretta kahvia joka aamu",
    ),
    "pl": (
        "Latarnik po raz ostatni wchodzi po schodach przed burzą.",
        "Nasza piekarnia otwiera się o piątej. Piece są gorące, ulica jest jeszcze ciemna. "
        "Wejdź i spróbuj pierwszego chleba tego dnia.",
        "Świeża kawa każdego ranka",
    ),
    "cs": (
        "Strážce majáku naposledy stoupá po schodech, než přijde bouře.",
        "Naše pekárna otevírá v pět. Pece jsou teplé, ulice je ještě tmavá. Pojďte dál a ochutnejte první chléb dne.",
        "Čerstvá káva každé ráno",
    ),
    "hu": (
        "A világítótorony őre még egyszer felmegy a lépcsőn a vihar előtt.",
        "A pékségünk ötkor nyit. A kemencék melegek, az utca még sötét. Gyere be, és kóstold meg a nap első kenyerét.",
        "Friss kávé minden reggel",
    ),
    "ro": (
        "Un paznic de far urcă scările pentru ultima dată înainte de furtună.",
        "Brutăria noastră se deschide la cinci. Cuptoarele sunt calde, strada este încă întunecată. "
        "Intră și gustă prima pâine a zilei.",
        "Cafea proaspătă în fiecare dimineață",
    ),
    "tr": (
        "Bir deniz feneri bekçisi fırtınadan önce merdivenleri son kez çıkıyor.",
        "Fırınımız saat beşte açılıyor. Fırınlar sıcak, sokak hâlâ karanlık. İçeri gelin ve günün ilk ekmeğini tadın.",
        "Her sabah taze kahve",
    ),
    "id": (
        "Seorang penjaga mercusuar menaiki tangga untuk terakhir kalinya sebelum badai datang.",
        "Toko roti kami buka pukul lima. Oven sudah hangat, jalanan masih gelap. "
        "Masuklah dan cicipi roti pertama hari ini.",
        "Kopi segar setiap pagi",
    ),
    "vi": (
        "Người gác hải đăng leo cầu thang lần cuối trước cơn bão.",
        "Tiệm bánh của chúng tôi mở cửa lúc năm giờ. Lò nướng đã ấm, con phố vẫn còn tối. "
        "Hãy vào và nếm ổ bánh đầu tiên trong ngày.",
        "Cà phê tươi mỗi sáng",
    ),
    "sw": (
        "Mlinzi wa mnara wa taa anapanda ngazi kwa mara ya mwisho kabla ya dhoruba.",
        "Duka letu la mikate hufunguliwa saa kumi na moja. Majiko yana joto, barabara bado ina giza. "
        "Ingia uonje mkate wa kwanza wa siku.",
        "Kahawa safi kila asubuhi",
    ),
    "ru": (
        "Смотритель маяка в последний раз поднимается по лестнице перед бурей.",
        "Наша пекарня открывается в пять. Печи уже горячие, улица ещё тёмная. "
        "Заходите и попробуйте первый хлеб этого дня.",
        "Свежий кофе каждое утро",
    ),
    "uk": (
        "Доглядач маяка востаннє піднімається сходами перед бурею.",
        "Наша пекарня відчиняється о п'ятій. Печі вже гарячі, вулиця ще темна. "
        "Заходьте і скуштуйте перший хліб цього дня.",
        "Свіжа кава щоранку",
    ),
    "bg": (
        "Пазачът на фара се качва по стълбите за последен път преди бурята.",
        "Нашата пекарна отваря в пет. Пещите са топли, улицата е още тъмна. Влезте и опитайте първия хляб за деня.",
        "Прясно кафе всяка сутрин",
    ),
    "el": (
        "Ένας φαροφύλακας ανεβαίνει τη σκάλα για τελευταία φορά πριν από την καταιγίδα.",
        "Ο φούρνος μας ανοίγει στις πέντε. Οι φούρνοι είναι ζεστοί, ο δρόμος είναι ακόμα σκοτεινός. "
        "Περάστε και δοκιμάστε το πρώτο ψωμί της ημέρας.",
        "Φρέσκος καφές κάθε πρωί",
    ),
    "he": (
        "שומר המגדלור עולה במדרגות בפעם האחרונה לפני הסערה.",
        "המאפייה שלנו נפתחת בחמש. התנורים חמים, הרחוב עדיין חשוך. היכנסו וטעמו את הלחם הראשון של היום.",
        "קפה טרי בכל בוקר",
    ),
    "ar": (
        "يصعد حارس المنارة الدرج للمرة الأخيرة قبل العاصفة.",
        "يفتح مخبزنا في الخامسة. الأفران دافئة والشارع لا يزال مظلما. ادخل وتذوق أول رغيف في اليوم.",
        "قهوة طازجة كل صباح",
    ),
    "fa": (
        "نگهبان فانوس دریایی برای آخرین بار پیش از طوفان از پله‌ها بالا می‌رود.",
        "نانوایی ما ساعت پنج باز می‌شود. تنورها گرم‌اند و خیابان هنوز تاریک است. بیایید و نخستین نان روز را بچشید.",
        "قهوه تازه هر صبح",
    ),
    "hi": (
        "एक प्रकाशस्तंभ रक्षक तूफ़ान से पहले आख़िरी बार सीढ़ियाँ चढ़ता है।",
        "हमारी बेकरी पाँच बजे खुलती है। तंदूर गरम हैं, सड़क अभी भी अँधेरी है। अंदर आइए और दिन की पहली रोटी चखिए।",
        "हर सुबह ताज़ी कॉफ़ी",
    ),
    "bn": (
        "একজন বাতিঘর রক্ষক ঝড়ের আগে শেষবারের মতো সিঁড়ি বেয়ে ওঠেন।",
        "আমাদের বেকারি পাঁচটায় খোলে। চুলা গরম, রাস্তা এখনও অন্ধকার। ভেতরে আসুন এবং দিনের প্রথম রুটি চেখে দেখুন।",
        "প্রতিদিন সকালে তাজা কফি",
    ),
    "th": (
        "คนเฝ้าประภาคารปีนบันไดเป็นครั้งสุดท้ายก่อนพายุมา",
        "ร้านเบเกอรี่ของเราเปิดตอนตีห้า เตาอบอุ่นแล้ว ถนนยังมืดอยู่ เข้ามาชิมขนมปังก้อนแรกของวัน",
        "กาแฟสดทุกเช้า",
    ),
    "zh": (
        "灯塔看守人在暴风雨来临前最后一次登上楼梯。",
        "我们的面包店五点开门。烤炉已经热了，街道还很黑。进来品尝今天的第一个面包吧。",
        "每天早晨的新鲜咖啡",
    ),
    "ja": (
        "灯台守が嵐の前に最後の階段を上る。",
        "私たちのパン屋は五時に開きます。窯は温かく、通りはまだ暗い。中に入って、今日最初のパンを味わってください。",
        "毎朝の新鮮なコーヒー",
    ),
    "ko": (
        "등대지기가 폭풍 전에 마지막으로 계단을 오른다.",
        "우리 빵집은 다섯 시에 문을 엽니다. 화덕은 따뜻하고 거리는 아직 어둡습니다. 들어와서 오늘의 첫 빵을 맛보세요.",
        "매일 아침 신선한 커피",
    ),
    "hr": (
        "Svjetioničar se posljednji put penje stubama prije oluje.",
        "Naša pekara otvara se u pet. Peći su tople, ulica je još mračna. Uđite i kušajte prvi kruh dana.",
        "Svježa kava svakog jutra",
    ),
    "sk": (
        "Strážca majáka naposledy stúpa po schodoch, kým príde búrka.",
        "Naša pekáreň otvára o piatej. Pece sú teplé, ulica je ešte tmavá. Poďte ďalej a ochutnajte prvý chlieb dňa.",
        "Čerstvá káva každé ráno",
    ),
    "ca": (
        "Un farer puja l'escala per última vegada abans de la tempesta.",
        "El nostre forn obre a les cinc. Els forns són calents, el carrer encara és fosc. "
        "Entreu i tasteu el primer pa del dia.",
        "Cafè acabat de fer cada matí",
    ),
}

NAMES: Final = (
    "Nike Air Max 90, Paris, Tokyo.",
    "IKEA BILLY x KALLAX",
    "Chanel No. 5 – Rouge Allure Velvet",
    "Super. Wow. Yes.",
    "Zara Home Milano spring drop",
    "Tacos al pastor in East Austin",
    "Kimchi jjigae, bibimbap and soju",
    "Espresso, cappuccino, macchiato, latte.",
    "Hotel Adlon Kempinski Berlin",
    "Sushi Sakura",
    "Oktoberfest 2026",
    "Poster for the Schubert quartet in Vienna",
    "Louis Vuitton pop-up, Champs-Élysées",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
    "A film about Oktoberfest in München with Lederhosen, Dirndl and Weißbier.",
    "Create a spot for the new Škoda Enyaq. Drive through Praha at night, along the Vltava.",
    "12:00–14:00 / 20 × 30 cm / 4.99 €",
    "https://example.com/ein/weg/nach/deutschland",
    "…",
)
"""English briefs and names that are no evidence of another language."""
