"""Which texts are in a language that the model does not know, whatever their feed says of them."""

import pytest

from models.language import language_of

FOREIGN = [
    "barangnya rusak semua, penjualnya nggak mau tanggung jawab", "pengiriman lama", "kualitasnya jelek banget",
    "saya nak refund", "kedai ni memang penipu", "llegó todo roto y nadie responde", "me encanta mucho",
    "es una estafa",
    "no me llegó el pedido", "muito bom", "péssimo atendimento", "não recomendo", "c'est nul", "je l'adore",
    "j'ai jamais reçu mon colis", "nicht zu empfehlen", "wo bleibt meine Bestellung", "das ist Betrug",
    "hàng giả đừng mua", "giao hàng chậm quá", "đẹp quá", "non funziona", "soldi buttati via, pacco mai arrivato",
    "çok kötü ürün", "nie polecam", "niet kopen", "hindi dumating yung order ko", "dålig kvalitet, köp inte",
    "最高級の素材を使いました", "もう二度と買わない", "全商品送料無料キャンペーン中", "検品済", "かわいい",
    "ｶﾜｲｲ", "コスパ最強",
    "배송이 너무 늦어요", "진짜 예뻐요 nike", "ужасное качество, деньги не вернули", "это супер", "жахлива якість",
    "لا تشتري هذا المنتج", "สินค้าแย่มาก", "यह बहुत खराब है", "χάλια προϊόν", "מוצר גרוע", "இது நல்லா இல்லை",
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "mala calidad", "Muy Malo", "pura basura", "una estafa", "todo roto", "producto muy caro", "produto quebrado",
        "barang rusak", "penjual penipu!", "produit nul", "arrivato rotto", "kaputt angekommen", "talla equivocada",
    ],
)  # fmt: skip
def test_two_words_of_a_foreign_buyer_are_foreign(text: str) -> None:
    assert [language_of(text, said) for said in (None, "en")] == ["other", "other"]


@pytest.mark.parametrize("text", ["mala beads", "casa decor", "Kinder Bueno", "bad quality", "velvet lumo", "la mer"])
def test_two_words_of_goods_are_no_foreign_text(text: str) -> None:
    assert language_of(text) == "en"


@pytest.mark.parametrize("text", FOREIGN)
@pytest.mark.parametrize("said", [None, "en", "zh-CN"])
def test_foreign_text_is_foreign_whatever_its_feed_says(text: str, said: str | None) -> None:
    assert language_of(text, said) == "other"


@pytest.mark.parametrize(
    "text",
    [
        "ok", "lol", "😂😂😂", "199", "10/10", "???", "+1", "@user", "https://x.y/z", "gg", "haha", "Gucci Bloom",
        "La Roche Posay Effaclar", "Estee Lauder Double Wear", "iPhone 17 Pro Max", "BMW X5", "PS5",
        "que bella this dress is so pretty", "the croissants were tres bon", "gracias, love this",
        "thx, karaoke tonight?",
        "this serum slaps fr", "never buying from glowco again", "pls restock", "ur so pretty", "price?",
        "how much", "so angry", "comment 12",
        "Zara haul", "adidas samba", "zara dupe", "prada bag dupe", "samba og", "bogo deal",
        "arrived damaged, no refund", "p@rl@y k1ng vip lnk", "s h i p p i n g", "Неllо ѕсаm, dont buy", "ʕ•ᴥ•ʔ so cute",
        "ヽ(´▽`)/ love it", "BTS 방탄 so cute, I love you all so much", "(｡･ω･｡) nice bag",
    ],
)  # fmt: skip
def test_english_and_what_says_nothing_is_not_foreign(text: str) -> None:
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "太好吃了吧", "最高级的面料", "优の良品", "我の最爱", "这个ポケモン好可爱", "¯\\_(ツ)_/¯ 无语了", "OMG买它买它",
        "这个dress真的好看", "hello大家好呀，谢谢", "ヽ(´▽`)ﾉ 开心", "谢谢 ありがとう 老板", "这家店的안녕",
        "超かわいい的包包你看",
        "港鐵公布東鐵綫聖誕假期通宵服務安排，尾班車時間照舊", "BTS 好帅", "wifi连不上啊",
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", [None, "ja", "es"])
def test_chinese_is_chinese_whatever_its_feed_says(text: str, said: str | None) -> None:
    assert language_of(text, said) == "zh"


@pytest.mark.parametrize("text", ["送料無料", "激安販売", "最高品質", "本日限定", "日本の店"])
def test_characters_of_both_are_what_the_feed_says(text: str) -> None:
    assert language_of(text, "ja") == "other"


def test_a_word_alone_is_what_the_feed_says() -> None:
    assert [language_of("mantap", said) for said in ("id", None)] == ["other", "en"]
    assert [language_of("ok", said) for said in ("id", None)] == ["en", "en"]
