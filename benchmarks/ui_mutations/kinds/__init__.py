"""The kinds of mutation, and the pairs of them that make sense. FROZEN before the resolver was tuned."""

from benchmarks.ui_mutations.kinds.around import AROUND
from benchmarks.ui_mutations.kinds.kind import Kind
from benchmarks.ui_mutations.kinds.names import NAMES
from benchmarks.ui_mutations.kinds.structure import STRUCTURE
from benchmarks.ui_mutations.kinds.words import WORDING

KINDS = {kind.name: kind for kind in (*NAMES, *WORDING, *STRUCTURE, *AROUND)}

# In the order in which they are applied: a look-alike that comes first keeps the words that the target loses.
PAIRS = (
    ("label_reworded", "classes_hashed"),
    ("label_reworded", "ids_and_classes_renamed"),
    ("label_reworded", "wrapped"),
    ("label_reworded", "moved"),
    ("translated", "classes_hashed"),
    ("translated", "wrapped"),
    ("translated", "cookie_banner"),
    ("attributes_stripped", "ids_and_classes_renamed"),
    ("attributes_stripped", "moved"),
    ("ids_and_classes_renamed", "moved"),
    ("ids_and_classes_renamed", "delayed"),
    ("wrapped", "moved"),
    ("classes_hashed", "div_without_role"),
    ("label_reworded", "link_instead_of_button"),
    ("attributes_stripped", "in_iframe"),
    ("label_reworded", "in_iframe"),
    ("ids_and_classes_renamed", "in_shadow_root"),
    ("look_alike_before", "label_reworded"),
    ("look_alike_after", "ids_and_classes_renamed"),
    ("look_alike_before", "attributes_stripped"),
    ("look_alike_before", "moved"),
    ("look_alike_after", "div_without_role"),
    ("look_alike_before", "delayed"),
    ("look_alike_after", "in_shadow_root"),
    ("duplicate_ids", "label_reworded"),
    ("cookie_banner", "delayed"),
    ("look_alike_before", "removed"),
    ("look_alike_after", "removed"),
    ("duplicate_ids", "removed"),
    ("ids_and_classes_renamed", "removed"),
    ("cookie_banner", "removed"),
    ("look_alike_before", "step_split"),
)
"""
What is right follows from the two: "not there" where one of them says so, else the target. Where the target is gone
and a look-alike stays ("removed", "step_split"), a careful person with the old page in mind sees the old words under
a heading that claims them for something else, finds the old place empty, and does not press them. Where a look-alike
keeps the old words and the target has new ones, that person sees that the old place and its surroundings are the
target's, and the heading is not. Where the look-alike is left and the target has moved, the moved one has no heading
over it that would make it something else, and has kept its names.
"""

__all__ = ["KINDS", "PAIRS", "Kind"]
