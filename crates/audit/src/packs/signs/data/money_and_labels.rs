//! Amounts of money and labels of metrics.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const ROUNDED: &str = "`{}` has a binary floating-point type, which rounds money";
const LABEL: &str = "`{}` becomes a label of a metric, and each value is a new time series";

const fn rounded(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::MoneyType, files, pattern, "", ROUNDED)
}

const fn label(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::MetricLabel, files, pattern, "", LABEL)
}

pub(super) const SIGNS: &[Sign] = &[
    rounded(
        PYTHON,
        r"(?m)^[ \t]+(?P<what>(?:\w*_)?(?:amount|price|balance|subtotal|fee|cost|total)\s*:\s*(?:Optional\[)?float)\b",
    ),
    rounded(
        &[".sql"],
        r#"(?im)^\s*["`]?(?P<what>\w*(?:price|amount|total|balance|cost|fee|salary)\w*)["`]?\s+(?:REAL|FLOAT\d*|DOUBLE(?:\s+PRECISION)?)\b"#,
    ),
    rounded(
        &["schema.prisma"],
        r"(?m)^\s*(?P<what>\w*(?i:price|amount|total|balance|cost)\w*)\s+Float\b",
    ),
    rounded(
        GO,
        r"(?m)^\s*(?P<what>\w*(?:Price|Amount|Total|Balance|Cost|Fee))\s+\*?float(?:32|64)\s+`[^`]*(?:gorm|db|bson|json|bun|xorm):",
    ),
    rounded(
        SCRIPT,
        r"@Column\(\s*(?:['\x22](?:float|double|double precision|real)['\x22]|\{[^}]*type:\s*['\x22](?:float|double|double precision|real)['\x22])[^)]*\)\s*(?:public\s+)?(?P<what>\w*(?i:price|amount|total|balance|cost)\w*)",
    ),
    rounded(
        JVM,
        r"@(?:Entity|Document|Table)\b[\s\S]*?(?:private\s+(?:double|Double|float|Float)\s+(?P<what>\w*(?i:price|amount|total|balance|cost)\w*)\s*[;=])",
    ),
    rounded(
        PYTHON,
        r"(?m)^\s*(?P<what>\w*(?:price|amount|total|balance|cost)\w*)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?:Column|mapped_column|FloatField)\(\s*(?:(?:\w+\.)?Float\b|\))",
    ),
    rounded(
        &[".proto"],
        r"(?m)^\s*(?:optional\s+)?(?:float|double)\s+(?P<what>\w*(?:price|amount|total|balance|cost)\w*)\s*=",
    ),
    label(
        GO,
        r"\.WithLabelValues\([^\n]*?(?P<what>\b\w+(?:\.\w+)*\.(?:URL\.Path|RequestURI|URL\.String\(\)|Error\(\))|\b\w*(?:[uU]ser|[oO]rder|[eE]vent)I[dD]\b)",
    ),
    label(
        SCRIPT,
        r"\.(?:inc|observe|labels|startTimer|set)\(\s*(?:\{[^}]*?|[^)\n]*?)(?P<what>\breq(?:uest)?\.(?:path|url|originalUrl))\b",
    ),
    label(
        PYTHON,
        r"\.labels\([^\n]*?(?P<what>\brequest\.(?:url\.path|path)\b)",
    ),
];
