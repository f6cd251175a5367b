"""What the five seed documents say survives their web debris: cards, lists, torn lines, front matter."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from index.types import Document, Passage

PREVENT, USAID, COPOLAD, RAINFOREST, ABA = (
    "000_cf9958df2bfae6ec.txt",
    "001_ae0f56fbf5c1f930.txt",
    "002_ed1a19cb0af9e84d.txt",
    "003_2ff90467a8b62384.txt",
    "004_a036f7a8eb7d90be.txt",
)
Seeds = Mapping[str, tuple[Document, list[Passage]]]


def sentences(seeds: Seeds, doc_id: str) -> list[tuple[str, str]]:
    """`(kind, text)` of a document's sentences, white space collapsed."""
    document, passages = seeds[doc_id]
    return [(s.kind, " ".join(document.text[s.start : s.end].split())) for p in passages for s in p.sentences]


def test_the_text_of_a_seed_is_its_decoded_file(seeds: Path, seed_documents: Seeds) -> None:
    for doc_id, (document, _) in seed_documents.items():
        assert document.text.encode("utf-8") == (seeds / doc_id).read_bytes()


def test_every_seed_has_the_title_and_publisher_of_the_metadata_file(seed_documents: Seeds) -> None:
    found = {
        doc_id: (document.title, document.metadata["publisher"]) for doc_id, (document, _) in seed_documents.items()
    }
    assert found[COPOLAD] == ("COPOLAD country fact sheet: Peru", "COPOLAD")
    assert found[RAINFOREST] == ("Rainforest Foundation US: Peru", "Rainforest Foundation US")
    assert all(document.language == "en" for document, _ in seed_documents.values())


@pytest.mark.parametrize(
    "card",
    [
        "2005 Working in Peru since 2005",
        "60+ Directly supporting 60 Indigenous communities",
        "1.9 Million Supporting the protection of 1.9 million acres of rainforest through monitoring",
    ],
)
def test_a_figure_and_its_caption_are_one_sentence(seed_documents: Seeds, card: str) -> None:
    assert ("card", card) in sentences(seed_documents, RAINFOREST)


@pytest.mark.parametrize(
    "field",
    [
        "client: U.S. Agency for International Development",
        "start: 2019",
        "end: 2024",
        "title: Peru—Prevent activity",
    ],
)
def test_a_field_of_the_front_matter_is_a_sentence(seed_documents: Seeds, field: str) -> None:
    assert ("field", field) in sentences(seed_documents, PREVENT)


def test_the_front_matter_is_metadata_too(seed_documents: Seeds) -> None:
    metadata = seed_documents[PREVENT][0].metadata
    assert metadata["client"] == "U.S. Agency for International Development"
    assert metadata["solutions"] == "Environment; Natural Resource Management"


def test_each_promoted_title_of_the_front_matter_is_a_sentence_of_its_own(seed_documents: Seeds) -> None:
    promos = [text for kind, text in sentences(seed_documents, PREVENT) if kind == "field" and "link:" in text]
    assert len(promos) == 6
    assert promos[3].startswith("title: It’s Time Forensic Timber Tracing Became Mainstream")


@pytest.mark.parametrize(
    "torn",
    [
        "Technical support is channelled through three national actions, three regional initiatives, and through the "
        "country's participation in seven of the Programme's working groups.",
        "the programme supports the anti-money laundering unit of the National Police to develop economic, financial, "
        "tax and accounting analysis tools to prepare expert evidence",
        "which coordinate public services (anticipatory system of alert indicators, patrolling, connectivity) with",
        'for the Reduction of Demand for Drugs" in the Amazon (Coronel Portillo, Pucallpa) and in the urban area',
    ],
)
def test_a_sentence_torn_by_a_blank_line_is_one(seed_documents: Seeds, torn: str) -> None:
    assert any(torn in text for _, text in sentences(seed_documents, COPOLAD))


@pytest.mark.parametrize(
    ("doc_id", "lead", "items"),
    [
        (
            COPOLAD,
            "WE COLLABORATE WITH THE FOCAL POINTS",
            ["DEVIDA National Commission", "APCI Peruvian", "Delegation of the European", "Peruvian Mission"],
        ),
        (
            USAID,
            "In addition to the three Development Objectives outlined above, the Mission also implements activities "
            "related to several focus issues, including:",
            ["Trafficking in Persons", "Illegal Gold Mining", "Small Grant Assistance to Local Communities"],
        ),
        (PREVENT, "Sample Activities", ["Develop and promote", "Implement", "Build", "Leverage private"]),
        (
            COPOLAD,
            "COLLABORATING INSTITUTIONS",
            ["OPD", "DILA-PNP", "MinJUS", "**DP**", "MINAM", "Local", "MPFN", "UIF", "SBS"],
        ),
    ],
)
def test_a_list_stands_in_one_passage_with_its_lead_in(
    seed_documents: Seeds, doc_id: str, lead: str, items: list[str]
) -> None:
    document, passages = seed_documents[doc_id]
    for passage in passages:
        found = [(s.kind, " ".join(document.text[s.start : s.end].split())) for s in passage.sentences]
        if ("lead", lead) in found:
            at = found.index(("lead", lead))
            following = found[at + 1 : at + 1 + len(items)]
            assert [kind for kind, _ in following] == ["item"] * len(items)
            assert all(text.startswith(start) for (_, text), start in zip(following, items, strict=True))
            return
    pytest.fail(f"{lead!r} is no lead")


@pytest.mark.parametrize(
    ("doc_id", "fact"),
    [
        (PREVENT, "5,500 justice operators"),
        (PREVENT, "200,000 hectares of forests"),
        (USAID, "San Martín, Ucayali, Amazonas, Loreto, and Madre de Dios"),
        (USAID, "Last updated: August 18, 2014"),
        (COPOLAD, "Special research techniques, new technologies and inter-agency cooperation / 13 countries."),
        (COPOLAD, "INTERVIEW WITH RICARDO SOBERÓN, CEO OF DEVIDA"),
        (RAINFOREST, "RFUS supports around 60 Indigenous communities"),
        (RAINFOREST, "109 federations that represent 1,809 communities"),
        (ABA, "Since 2012, ABA ROLI has worked in Peru"),
    ],
)
def test_a_fact_stands_whole_in_one_sentence(seed_documents: Seeds, doc_id: str, fact: str) -> None:
    assert any(fact in text for _, text in sentences(seed_documents, doc_id))


def test_the_seeds_are_the_published_files_byte_for_byte(seeds: Path) -> None:
    digest = hashlib.sha256(
        b"".join((seeds / name).read_bytes() for name in (PREVENT, USAID, COPOLAD, RAINFOREST, ABA))
    )
    assert digest.hexdigest() == "3ec6599c7fc96895c11fb1e7c7c72e1ff62f61071ccc3fc5ce924e6aec1fce30"
