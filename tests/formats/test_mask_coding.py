"""What stored mask values mean: decided over the whole set, by legends, names and colours, or asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import UserError
from unetstudio.formats.masks.coding import Coding, decide
from unetstudio.formats.masks.content import MaskContent, content_of
from unetstudio.formats.masks.legend_files import Legend
from unetstudio.formats.masks.mapping import Mapping, mappings
from unetstudio.formats.masks.questions import Doubt, refusal
from unetstudio.formats.masks.summary import summary

RED, GREEN = (255, 0, 0), (0, 255, 0)
TWO = ClassTable.named(["background", "cell"], [(90, 90, 90), RED])
THREE = ClassTable.named(["background", "Cell", "scar"], [(90, 90, 90), RED, GREEN])
MASK = Path("mask.png")


def content(*values: Any, **said: Any) -> MaskContent:
    """A mask of one row."""
    return MaskContent(np.array([[values]]), **said)


def coloured(*colours: tuple[int, int, int]) -> MaskContent:
    """A mask of one row in colours."""
    return content_of(np.array(colours, np.uint8).T[:, None, None], Geometry(), MASK)


def coding(masks: Sequence[MaskContent], classes: ClassTable = TWO, legend: Legend | None = None, **options: Any) -> Coding:
    return decide([summary(Path(f"mask{n}.png"), mask, legend) for n, mask in enumerate(masks)], classes, **options)


def meant(*masks: MaskContent, classes: ClassTable = TWO, legend: Legend | None = None, **options: Any) -> list[list[int]]:
    """Return the class values of each mask, of which none may be in doubt."""
    decided = coding(masks, classes, legend, **options)
    assert not decided.questions
    return [one.label_values(mask)[0, 0].tolist() for one, mask in zip(decided.masks, masks, strict=True)]


def doubts(*masks: MaskContent, classes: ClassTable = TWO, legend: Legend | None = None, **options: Any) -> list[tuple[str, Doubt]]:
    return [(question.text, question.doubt) for question in coding(masks, classes, legend, **options).questions]


# ------------------------------------------------------------------------------------------------------ black and white


def test_that_masks_of_0_and_255_alone_are_the_first_and_second_class() -> None:
    assert meant(content(0, 255), content(255, 255), content(0, 0), classes=THREE) == [[0, 1], [1, 1], [0, 0]]
    assert meant(content(0, 65_535)) == [[0, 1]]


def test_that_255_is_not_annotated_in_every_mask_once_one_holds_another_value() -> None:
    assert meant(content(0, 255), content(1, 0), content(255, 255)) == [[0, UNLABELLED], [1, 0], [UNLABELLED, UNLABELLED]]


def test_that_masks_of_255_throughout_are_asked_about() -> None:
    assert doubts(content(255, 255)) == [("255", Doubt.WHITE)]
    decided = coding([content(255, 255)])
    assert str(refusal(decided.questions, TWO)) == (
        "mask0.png: the value 255 can mean cell or 'not annotated', and nothing in these masks tells; "
        "say --map 255=cell or --unlabelled 255."
    )
    assert meant(content(255, 255), unlabelled=255) == [[UNLABELLED, UNLABELLED]]
    assert meant(content(255, 255), mapping=mappings(["255=cell"], TWO)) == [[1, 1]]


def test_that_masks_of_0_throughout_are_background() -> None:
    assert meant(content(0, 0)) == [[0, 0]]


def test_that_a_third_value_that_means_not_annotated_leaves_black_and_white() -> None:
    assert meant(content(0, 128, 255), unlabelled=128) == [[0, UNLABELLED, 1]]
    assert meant(content(0, 255, 0), unlabelled=0) == [[UNLABELLED, 1, UNLABELLED]]
    assert meant(content(0, 255, 0), unlabelled=255) == [[0, UNLABELLED, 0]]


def test_that_half_of_black_and_white_told_leaves_the_other_half_in_doubt() -> None:
    assert doubts(content(0, 255), mapping=mappings(["0=cell"], TWO)) == [("255", Doubt.WHITE)]


# --------------------------------------------------------------------------------------------------- legends and names


def test_that_a_legend_tells_not_annotated_in_a_mask_of_0_and_255() -> None:
    own = Legend("legend.json", {0: "background", 1: "cell"}, {}, UNLABELLED)
    assert meant(content(0, 255), legend=own) == [[0, UNLABELLED]]
    assert meant(content(255, 255), legend=own) == [[UNLABELLED, UNLABELLED]]


def test_that_values_follow_their_names_and_not_their_numbers() -> None:
    swapped = {1: "Scar ", 2: "CELL"}
    assert meant(content(0, 1, 2, names=swapped), classes=THREE) == [[0, 2, 1]]
    assert meant(content(0, 1, 2), classes=THREE, legend=Legend("labels.txt", swapped)) == [[0, 2, 1]]


def test_that_each_file_has_names_of_its_own() -> None:
    assert meant(content(1, names={1: "cell"}), content(1, names={1: "scar"}), classes=THREE) == [[1], [2]]


def test_that_a_name_of_no_class_beside_known_names_is_asked_about() -> None:
    masks = content(0, 1, 2, names={1: "scar", 2: "vessel"})
    assert doubts(masks, classes=THREE) == [("2 (vessel)", Doubt.NO_NAME)]
    question = coding([masks], THREE).questions[0]
    assert meant(masks, classes=THREE, answers=[question.answered(1)]) == [[0, 2, 1]]
    assert question.class_name == "vessel"


def test_that_names_of_which_no_class_knows_any_leave_the_values_to_speak() -> None:
    assert meant(content(0, 1, 2, names={1: "Segment_1", 2: "Segment_2"}), classes=THREE) == [[0, 1, 2]]


def test_that_a_value_that_a_legend_calls_ignored_is_not_annotated() -> None:
    assert meant(content(0, 1, 3), classes=THREE, legend=Legend("dataset.json", {0: "background", 1: "scar"}, {}, 3)) == [
        [0, 2, UNLABELLED]
    ]


def test_that_names_counted_from_one_begin_at_the_background_where_they_name_it() -> None:
    tissue = ClassTable.named(["tissue", "tumour"], [RED, GREEN])
    assert meant(content(0, 1), classes=tissue, legend=Legend("classes.txt", {1: "Tissue", 2: "tumour"}, counted=True)) == [[0, 1]]


def test_that_values_called_differently_from_mask_to_mask_are_asked_by_their_names() -> None:
    masks = (content(0, 1, 2, names={1: "tumour", 2: "stroma"}), content(0, 1, names={1: "stroma"}))
    decided = coding(masks, classes=THREE)
    assert {question.text for question in decided.questions} == {"1 (tumour)", "2 (stroma)", "1 (stroma)"}
    assert "--map" not in str(refusal(decided.questions, THREE))
    classes = {"tumour": 1, "stroma": 2}
    answers = [question.answered(classes[question.name]) for question in decided.questions]
    assert meant(*masks, classes=THREE, answers=answers) == [[0, 1, 2], [0, 2]]
    alike = (content(0, 1, names={1: "tumour"}), content(0, 2, 1, names={1: "tumour", 2: "stroma"}))
    assert meant(*alike, classes=THREE) == [[0, 1], [0, 2, 1]]


# ------------------------------------------------------------------------------------------------------------- colours


def test_that_the_colours_of_the_classes_are_matched_exactly_and_black_is_background() -> None:
    assert meant(coloured(GREEN, (0, 0, 0), RED), classes=THREE) == [[2, 0, 1]]


def test_that_another_colour_is_asked_about_and_can_be_mapped() -> None:
    mask = coloured((254, 0, 0), (0, 0, 0), GREEN)
    assert doubts(mask, classes=THREE) == [("#fe0000", Doubt.NO_COLOUR)]
    assert "--map '#fe0000=CLASS'" in str(refusal(coding([mask], THREE).questions, THREE))
    assert meant(mask, classes=THREE, mapping=mappings(["#FE0000=cell", "#00ff00=unlabelled"], TWO)) == [[1, 0, UNLABELLED]]


def test_that_the_colours_of_a_legend_lead_to_its_names() -> None:
    legend = Legend("legend.json", {1: "scar", 2: "cell"}, {1: (1, 2, 3), 2: RED})
    assert meant(coloured((1, 2, 3), RED, (0, 0, 0)), classes=THREE, legend=legend) == [[2, 1, 0]]


def test_that_a_grey_mask_among_masks_in_colours_is_in_colours_too() -> None:
    white = ClassTable.named(["background", "cell", "bone"], [(90, 90, 90), RED, (255, 255, 255)])
    assert meant(coloured(RED, (0, 0, 0)), content(0, 255), classes=white) == [[1, 0], [0, 2]]


def test_that_palette_indices_are_class_values_unless_only_their_colours_fit() -> None:
    assert meant(content(0, 1, 2, colours={0: (0, 0, 0), 1: GREEN, 2: RED}), classes=THREE) == [[0, 1, 2]]
    assert meant(content(0, 7, 9, colours={0: (0, 0, 0), 7: GREEN, 9: RED}), classes=THREE) == [[0, 2, 1]]


def test_that_unused_places_of_a_palette_which_are_all_black_are_no_background() -> None:
    black = (0, 0, 0)
    assert doubts(content(0, 15, colours={0: black, 15: black}), classes=THREE) == [("15", Doubt.NO_CLASS)]
    assert doubts(content(0, 7, 15, colours={0: black, 7: RED, 15: black}), classes=THREE) == [
        ("7", Doubt.NO_CLASS),
        ("15", Doubt.NO_CLASS),
    ]


def test_that_a_grey_among_masks_in_colours_is_asked_as_the_colour_that_answers_it() -> None:
    masks = (coloured(RED, (0, 0, 0)), content(0, 255))
    (question,) = coding(masks).questions
    assert question.text == "#ffffff"
    assert meant(*masks, answers=[question.answered(1)]) == [[1, 0], [0, 1]]


def test_that_a_class_colour_that_two_classes_share_tells_nothing() -> None:
    twins = ClassTable.named(["background", "cell", "scar"], [(90, 90, 90), RED, RED])
    assert doubts(coloured(RED, (0, 0, 0)), classes=twins) == [("#ff0000", Doubt.NO_COLOUR)]


# ------------------------------------------------------------------------------------------------- values and objects


def test_that_values_without_a_class_are_listed_with_the_options() -> None:
    decided = coding([content(0, 1, 3, 3), content(0, 700)])
    assert [(question.value, question.voxels) for question in decided.questions] == [(3, 2), (700, 1)]
    assert str(refusal(decided.questions, TWO)).startswith("mask0.png: the value 3, 700 has no class (classes are 0 background, 1 cell)")


def test_that_values_of_all_classes_and_no_0_count_from_one() -> None:
    assert meant(content(1, 3), content(2, 1), classes=THREE) == [[0, 2], [1, 0]]
    assert doubts(content(1, 3), content(0, 1), classes=THREE) == [("3", Doubt.NO_CLASS)]


def test_that_many_values_in_a_project_of_two_classes_number_objects_only_when_asked() -> None:
    mask = content(0, 3, 3, 0, 700)
    assert meant(mask, content(0, 1, 1, 0, 0), objects=True) == [[0, 1, 1, 0, 1], [0, 1, 1, 0, 0]]
    assert [doubt for _, doubt in doubts(mask, classes=THREE, objects=True)] == [Doubt.NO_CLASS] * 2


def test_that_a_file_may_say_itself_that_it_numbers_objects() -> None:
    assert meant(content(0, 1, 0, 255, numbered=True)) == [[0, 1, 0, 1]]
    assert doubts(content(0, 1, 0, 5, numbered=True), classes=THREE) == [("1 and above", Doubt.OBJECTS)]


def test_that_255_among_a_few_numbered_objects_is_asked_about_and_among_many_is_one() -> None:
    few, many = content(0, 7, 0, 255), content(0, 254, 0, 255)
    assert doubts(few, objects=True) == [("255", Doubt.WHITE)]
    answer = coding([few], objects=True).questions[0].answered(UNLABELLED)
    assert meant(few, objects=True, answers=[answer]) == [[0, 1, 0, UNLABELLED]]
    assert meant(many, objects=True) == [[0, 1, 0, 1]]


def test_that_soft_edges_of_black_and_white_are_no_objects() -> None:
    edges = content(0, 0, 40, 128, 200, 255, 255, 255, 255)
    assert [doubt for _, doubt in doubts(edges, objects=True)] == [Doubt.NO_CLASS] * 3


def test_that_more_values_than_classes_can_be_are_asked_about_as_objects() -> None:
    mask = content(*(n for value in range(30) for n in (value, 0)))
    assert doubts(mask, classes=THREE) == [("1 and above", Doubt.OBJECTS)]
    answer = coding([mask], THREE).questions[0].answered(2)
    assert meant(mask, classes=THREE, answers=[answer]) == [[0, 0] + [2, 0] * 29]


def test_that_a_line_of_background_parts_numbered_objects_that_touch() -> None:
    touching = content(3, 3, 3, 7, 7, 0, 9)
    assert meant(touching, objects=True) == [[1, 1, 0, 0, 1, 0, 1]]
    told = mappings(["0=background", "1+=scar"], THREE)
    assert meant(touching, classes=THREE, objects=True, mapping=told) == [[2, 2, 0, 0, 2, 0, 2]]


def test_that_an_answer_about_one_class_parts_nothing() -> None:
    mask = content(0, 1, 1, 9, 9)
    answer = coding([mask], THREE).questions[0].answered(2)
    assert meant(mask, classes=THREE, objects=True, answers=[answer]) == [[0, 1, 1, 2, 2]]


def test_that_a_mapped_value_wins_over_the_class_of_that_number() -> None:
    assert meant(content(0, 1, 2), classes=THREE, mapping=mappings(["1=scar", "2=Cell"], THREE)) == [[0, 2, 1]]


def test_that_voxels_without_a_value_are_not_annotated() -> None:
    mask = content_of(np.array([[[[np.nan, 1.0, np.nan]]]], np.float32), Geometry(), MASK)
    assert meant(mask) == [[UNLABELLED, 1, UNLABELLED]]


def test_that_it_is_said_what_was_taken_for_what() -> None:
    assert coding([content(0, 255)]).words == ("0 is background, 255 is cell (all masks are black and white).",)
    named = coding([content(1, 255, names={1: "Scar"})], THREE)
    assert named.words == ("1 (Scar) is scar (by the names in the file).", "255 is not annotated (beside other values).")


# ----------------------------------------------------------------------------------------------------- the user's word


def test_that_maps_name_a_value_a_range_all_above_or_a_colour() -> None:
    found = mappings(["5=Cell", "1-3=2", " 7+=scar", "#00Ff00=scar"], THREE)
    assert found == (Mapping(5, 5, 1), Mapping(1, 3, 2), Mapping(7, 2**63 - 1, 2), Mapping(0xFF00, 0xFF00, 2, colour=True))


def test_that_numbers_of_outlined_classes_mean_nothing_and_their_names_are_asked_about_once() -> None:
    first = content(0, 1, 2, names={1: "Stroma", 2: "Tumor"}, counted=True)
    second = content(0, 1, 2, names={1: "Tumor", 2: "Stroma"}, counted=True)
    assert doubts(first, second, classes=THREE) == [("Stroma", Doubt.NO_NAME), ("Tumor", Doubt.NO_NAME)]
    said = {"mapping": mappings(["Tumor=Cell", "Stroma=scar"], THREE)}
    assert meant(first, second, classes=THREE, **said) == [[0, 2, 1], [0, 1, 2]]
    answers = [q.answered({"Tumor": 1, "Stroma": 2}[q.name]) for q in coding([first, second], THREE).questions]
    assert meant(first, second, classes=THREE, answers=answers) == [[0, 2, 1], [0, 1, 2]]
    refused = str(refusal(coding([first], THREE).questions, THREE))
    assert "no class is called Stroma, Tumor (" in refused and "--map 'Stroma=CLASS' --map 'Tumor=CLASS'" in refused


def test_that_the_only_outlined_class_is_the_only_structure() -> None:
    assert meant(content(0, 1, names={1: "Tumor"}, counted=True), content(0, 1, names={1: "tumor"}, counted=True)) == [[0, 1], [0, 1]]
    assert "1 (Tumor) is cell (the one outlined class" in coding([content(0, 1, names={1: "Tumor"}, counted=True)]).words[1]
    assert doubts(content(0, 1, names={1: "Tumor"}, counted=True), classes=THREE) == [("Tumor", Doubt.NO_NAME)]
    assert doubts(content(0, 1, 2, names={1: "Tumor", 2: "no name"}, counted=True)) == [
        ("Tumor", Doubt.NO_NAME),
        ("no name", Doubt.NO_NAME),
    ]


def test_that_values_without_a_class_are_asked_about_with_their_names() -> None:
    assert doubts(content(0, 1, 7, names={1: "liver", 7: "spleen"})) == [("7 (spleen)", Doubt.NO_CLASS)]


@pytest.mark.parametrize("text", ["", "cell", "=cell", "a=nothing", "1-=cell", "-1=cell", "1=", "1=2=3", "#ff=cell", "#gg0000=cell"])
def test_that_a_map_without_sense_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        mappings([text], TWO)
