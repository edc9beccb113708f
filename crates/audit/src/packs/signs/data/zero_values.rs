//! Changes of a record that leave out zero and the empty text, because a condition tests the value.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const ZERO: &str = "a change of `{}` to 0 is left out, because the condition is false for it, and the caller sees success";

const fn zero(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::ErrorResponse, files, pattern, "", ZERO)
}

pub(super) const SIGNS: &[Sign] = &[
    zero(
        SCRIPT,
        r"\bif\s*\(\s*(?P<what>(?:\w+\.)*(?:price|stock|quantity|qty|amount|discount|balance|count|total|score|points|fee|capacity|seats|position|sortOrder))\s*\)\s*\{?\s*(?:[\w.]+(?:\[[^\]\n]*\])?\s*=\s*[^=]|[\w.]+\.set[A-Z]\w*\()",
    ),
    zero(
        SCRIPT,
        r"(?:\b(?:price|stock|quantity|qty|amount|discount|balance|capacity|seats|fee)\s*[:=]\s*)(?P<what>(?:\w+\.)*(?:price|stock|quantity|qty|amount|discount|balance|capacity|seats|fee))\s*\|\|\s*\w+\.(?:price|stock|quantity|qty|amount|discount|balance|capacity|seats|fee)\b",
    ),
    zero(
        PYTHON,
        r"(?m)^[ \t]+if (?P<what>(?:\w+\.)*(?:price|stock|quantity|qty|amount|discount|balance|count|total|score|points|fee|capacity|seats|position))\s*:\s*\n[ \t]+[\w.]+(?:\[[^\]\n]*\])?\s*=\s*[^=]",
    ),
    zero(
        GO,
        r"\bif (?P<what>\w+\.(?:Get)?(?:Price|Stock|Quantity|Qty|Amount|Discount|Balance|Count|Score|Points|Fee|Capacity|Seats|Position)(?:\(\))?) (?:!=|>) 0 \{\s*\n\s*\w+(?:\.\w+|\[[^\]\n]*\]) = ",
    ),
];
