"""Suite `sample`: the corpus sample, for contamination by benchmark items, duplicates, personal data and broken text.

A sample can convict, not acquit: an item that stands r times in the corpus is in a share f of it with probability 1 - (1 - f)^r.
"""

from checks.expectations.check import Check
from checks.records.record import Text

_NO_SAMPLE = Text(ko="말뭉치 표본이 제출되지 않았다", en="no corpus sample was handed in")
_NO_SAMPLE_OR_INVENTORY = Text(
    ko="말뭉치 표본과 목록이 모두 필요하다", en="both the corpus sample and the inventory are needed"
)
_SAMPLE_LIMIT = Text(
    ko="표본에 없다고 해서 말뭉치 전체에 없다는 뜻은 아니며, 뜻만 같은 문장은 찾지 않는다",
    en="absence from a sample is no proof for the whole corpus, and paraphrases are not looked for",
)
_CONTAMINATION = (
    "own measurements: NFKC, case-folded, letters and digits, weighted character n-grams (Hangul and Han 2, other 1)"
)
_A_MILLION = Text(ko="백만 자당 {value:.2f}건 ({bad:,}건)", en="{value:.2f} a million characters ({bad:,} found)")
_PERSONAL = "regular expressions with digit look-arounds and check digits; chance is one in ten for each check digit"

CHECKS: tuple[Check, ...] = (
    Check(
        "sample",
        "documents",
        "hard",
        Text(ko="표본에 문서가 있다", en="the sample holds documents"),
        "an empty table passes every other check",
        low="sample_documents_min",
        seen=Text(ko="문서 {value:,.0f}건", en="{value:,.0f} documents"),
        needs=_NO_SAMPLE,
    ),
    Check(
        "sample",
        "lines-readable",
        "soft",
        Text(ko="표본의 모든 줄을 읽을 수 있다", en="every line of the sample can be read"),
        "the contract's fields id, source, text",
        high="broken_lines_max",
        needs=_NO_SAMPLE,
    ),
    Check(
        "sample",
        "ids-distinct",
        "soft",
        Text(ko="문서 번호가 겹치지 않는다", en="no document id stands twice"),
        "the contract's fields id, source, text",
        high=0,
        needs=_NO_SAMPLE,
    ),
    Check(
        "sample",
        "sources-known",
        "soft",
        Text(ko="모든 문서의 출처가 목록에 있다", en="every document's source is in the inventory"),
        "check I1",
        high=0,
        needs=_NO_SAMPLE_OR_INVENTORY,
    ),
    Check(
        "sample",
        "empty-documents",
        "soft",
        Text(ko="빈 문서가 거의 없다", en="few documents are empty"),
        "ours",
        high="empty_documents_max",
        needs=_NO_SAMPLE,
    ),
    Check(
        "sample",
        "broken-documents",
        "soft",
        Text(ko="깨진 글자가 있는 문서가 거의 없다", en="few documents hold undecodable characters"),
        "ours",
        high="broken_documents_max",
        needs=_NO_SAMPLE,
    ),
    Check(
        "sample",
        "duplicates",
        "soft",
        Text(ko="같은 문서가 반복되지 않는다", en="documents are not repeated"),
        "Lee et al. 2022, arXiv 2107.06499",
        high="duplicates_max",
        needs=_NO_SAMPLE,
        note=Text(
            ko="글자와 숫자만 남긴 본문이 똑같은 문서만 세며, 가중 50자 미만의 짧은 줄은 세지 않는다",
            en="only documents equal in letters and digits count, and only those of at least 50 weighted characters",
        ),
    ),
    Check(
        "sample",
        "near-duplicates",
        "soft",
        Text(ko="거의 같은 문서가 반복되지 않는다", en="documents are not nearly repeated"),
        "Lee et al. 2022, arXiv 2107.06499; MinHash of runs of five letters, estimated likeness of at least 0.8",
        high="near_duplicates_max",
        needs=_NO_SAMPLE,
        note=Text(
            ko="똑같은 문서도 함께 센다. 추정이므로 실제보다 적게 셀 수 있다",
            en="equal documents count too; an estimate, which may count too few",
        ),
    ),
    Check(
        "sample",
        "korean-sources",
        "soft",
        Text(ko="한국어로 신고된 출처가 한국어이다", en="the sources declared Korean are Korean"),
        "share of scripts among letters, check I1",
        low="hangul_share_min",
        seen=Text(ko="글자 중 한글 {value:.1%}", en="{value:.1%} of the letters are Hangul"),
        needs=_NO_SAMPLE_OR_INVENTORY,
    ),
    Check(
        "sample",
        "contamination-exact",
        "hard",
        Text(ko="평가 문항이 통째로 들어 있지 않다", en="no benchmark item stands whole in the sample"),
        _CONTAMINATION,
        high="contaminated_exact_max",
        seen=Text(ko="살펴본 문항 {rows:,}개 중 {bad:,}개", en="{bad:,} of {rows:,} items looked for"),
        needs=_NO_SAMPLE,
        note=_SAMPLE_LIMIT,
    ),
    Check(
        "sample",
        "contamination-near",
        "soft",
        Text(ko="평가 문항의 일부가 들어 있지 않다", en="no benchmark item stands in the sample in part"),
        _CONTAMINATION,
        high="contaminated_near_max",
        seen=Text(ko="살펴본 문항 {rows:,}개 중 {bad:,}개", en="{bad:,} of {rows:,} items looked for"),
        needs=_NO_SAMPLE,
        note=_SAMPLE_LIMIT,
    ),
    Check(
        "sample",
        "contamination-short",
        "soft",
        Text(
            ko="아주 짧은 평가 문항이 한 줄로 들어 있지 않다",
            en="no very short benchmark item is a whole line of the sample",
        ),
        _CONTAMINATION,
        high="contaminated_short_max",
        seen=Text(ko="살펴본 문항 {rows:,}개 중 {bad:,}개", en="{bad:,} of {rows:,} items looked for"),
        needs=_NO_SAMPLE,
        note=Text(
            ko="이렇게 짧은 줄은 우연히 같을 수 있으므로 사람이 확인해야 한다",
            en="a line this short can be equal by chance, so a person has to look",
        ),
    ),
    *(
        Check("sample", check, "soft", title, _PERSONAL, high=bound, seen=_A_MILLION, needs=_NO_SAMPLE)
        for check, bound, title in (
            (
                "resident-numbers",
                "resident_numbers_max",
                Text(ko="주민등록번호가 들어 있지 않다", en="no Korean resident numbers"),
            ),
            (
                "cards",
                "cards_max",
                Text(ko="결제 카드 번호가 들어 있지 않다", en="no payment-card numbers beyond chance"),
            ),
            ("phones", "phones_max", Text(ko="전화번호가 거의 없다", en="few telephone numbers")),
            ("emails", "emails_max", Text(ko="전자우편 주소가 거의 없다", en="few e-mail addresses")),
            (
                "business-numbers",
                "business_numbers_max",
                Text(ko="사업자등록번호가 거의 없다", en="few business numbers beyond chance"),
            ),
            (
                "corporate-numbers",
                "corporate_numbers_max",
                Text(ko="법인등록번호가 거의 없다", en="few corporate numbers beyond chance"),
            ),
        )
    ),
)
