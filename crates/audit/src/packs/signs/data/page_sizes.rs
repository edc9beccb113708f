//! Page sizes of callers without a maximum.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const NO_MAXIMUM: &str = "`{}` comes from the caller and has no maximum";
const DEFAULT_ONLY: &str = "`{}` has a default and no maximum";
const BOUND: &str = r"(?i)\bmin\(|max|clamp|isInt\(|coerceAtMost|\b(?:limit|size|per_?page|take|count)\w*\)?\s*>=?\s*\w";

/// Words of a query with an order.
const ORDERED: &str = r"(?i)order\s*_?by\b|\border\s*[:(=]|\.sort\w*\(|sort\s*[:=]|\border\b";
const UNORDERED: &str = "the query pages with `{}` and no order, so rows repeat or are left out";

const fn pages(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::PageSize, files, pattern, ORDERED, UNORDERED)
}

const fn page(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::PageSize, files, pattern, unless, NO_MAXIMUM)
}

pub(super) const SIGNS: &[Sign] = &[
    pages(
        GO,
        r"(?P<what>\bLIMIT\s+[$?:@]\w*\s+OFFSET\b|\.Offset\([^\n()]*\)\s*\.?\s*Limit\(|\.Limit\([^\n()]*\)\s*\.?\s*Offset\()",
    ),
    pages(
        SCRIPT,
        r"(?P<what>\bLIMIT\s+[$?:]\{?\w*\}?\s+OFFSET\b|\.skip\([^\n()]*(?:\([^()\n]*\))?[^\n()]*\)\s*\.(?:limit|take)\(|\bskip\s*:[^{}\n]*,\s*(?:\n\s*)?take\s*:|\bskip\s*,\s*(?:\n\s*)?take\b|\btake\s*:[^{}\n]*,\s*(?:\n\s*)?skip\s*:)",
    ),
    pages(
        PYTHON,
        r"(?P<what>\bLIMIT\s+(?:%s|:\w+|\?|\$\d+)\s+OFFSET\b|\.offset\([^\n()]*\)\s*\.limit\(|\.limit\([^\n()]*\)\s*\.offset\()",
    ),
    pages(
        &[".java", ".kt", ".php", ".rs", ".cs"],
        r"(?P<what>\b(?:LIMIT|limit)\s+(?:\?|:\w+|\$\d+|@\w+)\s+(?:OFFSET|offset)\b|\.Skip\([^\n()]*(?:\([^()\n]*\))?[^\n()]*\)\s*\.Take\()",
    ),
    // A decorated parameter with a default or a pipe instead of a type.
    page(
        SCRIPT,
        r"@Query\(\s*['\x22](?:limit|take|size|pageSize|perPage|per_page|page_size)['\x22](?:[^()\n]|\([^()\n]*(?:\([^()\n]*\))?[^()\n]*\))*\)\s*(?P<what>\w+)\s*\??\s*(?::\s*(?:number|string)\s*)?=\s*['\x22]?\d",
        BOUND,
    ),
    page(
        SCRIPT,
        r"(?:const|let|,|\{)\s*(?P<what>limit|take|size|pageSize|perPage|page_size)\s*=\s*['\x22]?\d+['\x22]?\s*(?:,[^{}=\n]*(?:=[^{},\n]*,?[^{}=\n]*)*)?\}\s*=\s*(?:req|request|ctx|c)\.query\b",
        BOUND,
    ),
    page(
        PYTHON,
        r"\b(?P<what>limit|page_size|per_page|size)\s*:\s*(?:Annotated\[\s*)?(?:Optional\[)?int\]?(?:\s*\|\s*None)?\s*(?:,\s*)?=?\s*(?:Query\((?:\s*(?:default\s*=\s*)?\d+)?\s*(?:,\s*(?:ge|gt|description|title|alias)\s*=\s*(?:-?\d+|['\x22][^'\x22\n]*['\x22])\s*)*,?\s*\)|\d+)\s*[,)\]]",
        r"(?i)\bmin\(|\ble\s*=|\blt\s*=|max_|MAX|clamp|\bfor\b|\bif limit\s*>|\bif page_size\s*>",
    ),
    page(
        PYTHON,
        r"(?P<what>request\.(?:args|GET|query_params)\.get\(\s*['\x22](?:limit|page_size|per_page|size)['\x22][^)\n]*\))",
        r"(?i)\bmin\(|max|\bif (?:limit|page_size|per_page|size)\s*>",
    ),
    // `Pageable` of Spring has a maximum of its own.
    page(
        JVM,
        r"@RequestParam\([^)]*defaultValue\s*=\s*\x22\d+\x22[^)]*\)\s*(?:@\w+(?:\([^)]*\))?\s*)*(?:final\s+)?(?:int|Integer|long|Long)\s+(?P<what>size|limit|pageSize|perPage)\b|@RequestParam\([^)]*defaultValue\s*=\s*\x22\d+\x22[^)]*\)\s*(?P<other>size|limit|pageSize|perPage)\s*:\s*(?:Int|Long)\b",
        r"@Max\(|@Range\(|Math\.min|coerceAtMost|MAX_|\bmin\(",
    ),
    // A default for a missing size shows that the size is an argument.
    Sign {
        evidence: DEFAULT_ONLY,
        within: r"func (?:\([^)]*\)\s*)?\w+\([^\n]*\b(?:[lL]imit|[pP]age[sS]ize|perPage|req|in|request|query|filter|params|opts?)\b",
        ..page(
            GO,
            r"if (?P<what>(?:\w+\.)?(?:[lL]imit|[pP]ageSize|[pP]erPage|[pP]age_size))\s*(?:<=?|==)\s*[01]\s*\{",
            r"(?i)\bmin\(|max|(?:limit|size|per_?page)\w*\s*>=?\s*\w|oneof|lte=",
        )
    },
];
