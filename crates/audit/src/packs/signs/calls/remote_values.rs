//! Values that the response of another service may not have.

use super::{JVM, Sign, inside, review};
use crate::model::facts::Practice;

const EMPTY: &str = "`{}` fails if the response has no such value";
/// Text that checks the value.
const CHECKED: &str = r"[!=]=\s*null|hasBody\(\)|requireNonNull|ofNullable|\.has\(|hasNonNull|containsKey|parseClaims|parseSigned";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::UncheckedValue,
        JVM,
        r"(?P<what>\b\w+(?:\([^()\n]*\))?\.getBody\(\)\.(?:get|is|stream|size|forEach)\w*\()",
        r"ResponseEntity|ForEntity\(|\.exchange\(|[cC]lient\b|\.toEntity\(",
        CHECKED,
        EMPTY,
    ),
    review(
        Practice::UncheckedValue,
        JVM,
        r"(?P<what>\b\w+(?:\.(?:get|path)\(\x22\w+\x22\))*\.get\(\x22\w+\x22\)\.(?:as(?:Text|Int|Long|Double|Boolean)|textValue|intValue|decimalValue|toString|getAs\w+)\(\))",
        CHECKED,
        EMPTY,
    ),
    review(
        Practice::UncheckedValue,
        JVM,
        r"(?P<what>\.block\(\)\.get\w*\()",
        CHECKED,
        EMPTY,
    ),
];
