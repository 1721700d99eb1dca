"""Korean particles, chosen by the final consonant of the word before them.

An item: `사과` followed by `는`, not `은`; `연필` followed by `로`, not `으로` (a final ㄹ takes 로).
"""

from random import Random

from flows.demo.items import Item, held_out

#: Each pair: after a final consonant / after a vowel.
PAIRS = ("은/는", "이/가", "을/를", "과/와", "으로/로")

_HANGUL_FIRST, _FINALS, _FINAL_RIEUL = 0xAC00, 28, 8

_NOUN_LINES = """
사과 포도 수박 참외 딸기 복숭아 자두 살구 감자 고구마 양파 마늘 당근 오이 호박 배추 시금치 콩나물 버섯 옥수수
쌀밥 국수 만두 김치 된장 고추장 간장 설탕 소금 후추 참기름 우유 커피 녹차 주스 얼음 과자 사탕 빵집 떡볶이
책상 의자 침대 옷장 거울 시계 달력 전등 창문 대문 지붕 마당 부엌 거실 욕실 계단 복도 담장 우물 굴뚝
연필 지우개 공책 가방 필통 칠판 분필 교실 운동장 도서관 학교 선생님 학생 친구 숙제 시험 방학 소풍 졸업식 입학식
하늘 바다 강물 호수 폭포 산길 들판 언덕 골짜기 동굴 모래 자갈 바위 흙탕물 구름 안개 이슬 서리 눈사람 무지개
햇빛 달빛 별자리 번개 천둥 태풍 봄비 가을 겨울 여름 새벽 아침 점심 저녁 한밤 어제 오늘 내일 주말 휴일
강아지 고양이 토끼 거북 다람쥐 사슴 호랑이 사자 코끼리 기린 원숭이 여우 늑대 곰돌이 돼지 송아지 망아지 염소 오리 거위
참새 까치 비둘기 제비 독수리 부엉이 나비 잠자리 벌집 개미 거미 매미 귀뚜라미 달팽이 개구리 두꺼비 도마뱀 물고기 고래 상어
소나무 은행잎 단풍 장미 국화 튤립 해바라기 민들레 진달래 개나리 무궁화 연꽃 백합 난초 대나무 갈대 잔디 이끼 덩굴 씨앗
기차 버스 택시 지하철 자전거 비행기 배편 트럭 오토바이 신호등 정류장 공항 항구 다리 터널 도로 골목 시장 백화점 우체국
은행원 경찰관 소방관 의사 간호사 요리사 농부 어부 목수 화가 가수 배우 작가 기자 판사 군인 상인 이발사 사진사 통역관
신발 양말 장갑 모자 목도리 외투 바지 치마 셔츠 단추 우산 안경 반지 목걸이 지갑 손수건 빗자루 걸레 비누 칫솔
"""
#: Everyday nouns, none of them a part of another.
NOUNS = tuple(_NOUN_LINES.split())


def final_consonant(word: str) -> int:
    """The number of the last syllable's final consonant (0: none, 8: ㄹ), from its place in Unicode.

    >>> final_consonant("사과"), final_consonant("연필")
    (0, 8)
    """
    offset = ord(word[-1]) - _HANGUL_FIRST
    if not 0 <= offset < 11172:
        raise ValueError(f"a word that ends in a Hangul syllable, not {word!r}")
    return offset % _FINALS


def particle(word: str, pair: str) -> str:
    """The one of `pair` that fits `word`.

    >>> particle("사과", "은/는"), particle("연필", "으로/로"), particle("연필", "을/를")
    ('는', '로', '을')
    """
    after_consonant, after_vowel = pair.split("/")
    final = final_consonant(word)
    if final == 0 or (pair == "으로/로" and final == _FINAL_RIEUL):
        return after_vowel
    return after_consonant


def with_particle(word: str, pair: str) -> str:
    """`word` followed by the particle that fits it."""
    return word + particle(word, pair)


def draw(rng: Random, test: bool) -> Item:
    """`사과` with the two particles of one pair to choose from; whole nouns are held out, not pairs."""
    while True:
        noun = rng.choice(NOUNS)
        if held_out("noun", noun) == test:
            break
    pair = rng.choice(PAIRS)
    choices = pair.split("/")
    rng.shuffle(choices)
    return Item("particles", f"{noun} {pair}", noun, particle(noun, pair), tuple(choices))
