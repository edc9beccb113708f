//! Values of callers in URLs and search documents, and lists without a maximum.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const PARAMETER: &str = "`{}` is not escaped, so the caller adds parameters or another path to the URL of the inner call";
const DOCUMENT: &str =
    "`{}` puts a value into the JSON of a search, so the caller can change the query";
const MANY: &str = "the list `{}` has no maximum length";

const fn parameter(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::UnsafeInput, files, pattern, unless, PARAMETER)
}

const fn many(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::TextLength, files, pattern, unless, MANY)
}

pub(super) const SIGNS: &[Sign] = &[
    parameter(
        GO,
        r#"\b(?:http\.(?:Get|Post|NewRequest(?:WithContext)?)|\w*[cC]lient\.(?:Get|Post))\([^\n]*[?&]\w+="\s*\+\s*(?P<what>[a-z]\w*(?:\.\w+)*(?:\("\w+"\))?)"#,
        r"url\.(?:QueryEscape|PathEscape|Values)|strconv\.|\.Encode\(\)",
    ),
    parameter(
        GO,
        r#"fmt\.Sprintf\(\s*"[^"\n]*(?:https?://|%s/)[^"\n]*[?&]\w+=%[sv][^"\n]*"\s*,\s*(?P<what>[^\n)]*)\)"#,
        r"url\.(?:QueryEscape|PathEscape|Values)|\.Encode\(\)",
    ),
    parameter(
        SCRIPT,
        r"(?:axios(?:\.\w+)?|fetch|got(?:\.\w+)?|http\w*\.(?:get|post|put|delete|patch)|request)\(\s*`[^`\n]*[?&]\w+=\$\{(?P<what>(?:(?:req|request|ctx|query|params|dto|body|data|input)\.[\w.]+|email|name|username|search|q|query|keyword|term))\}",
        r"encodeURI|URLSearchParams",
    ),
    parameter(
        PYTHON,
        r#"(?:client|httpx|requests|session|aiohttp)\w*\.(?:get|post|put|delete|patch|request)\(\s*f["'][^"'\n]*[?&]\w+=\{(?P<what>[a-z_][\w.]*)\}"#,
        r"quote|urlencode",
    ),
    parameter(
        JVM,
        r#"\.(?:getForObject|getForEntity|postForObject|exchange|uri)\(\s*(?:\w+\s*\+\s*)?"[^"\n]*[?&]\w+="\s*\+\s*(?P<what>[a-z]\w*(?:\.\w+(?:\(\))?)*)"#,
        r"encode|UriComponentsBuilder|queryParam",
    ),
    review(
        Practice::SqlText,
        GO,
        r#"(?P<what>fmt\.Sprintf)\(\s*`[^`]*"(?:query|match|term|multi_match|match_phrase|wildcard|prefix|bool|regexp)"\s*:[^`]*"%[sv]"[^`]*`"#,
        "",
        DOCUMENT,
    ),
    review(
        Practice::SqlText,
        &[".py", ".java", ".kt", ".ts", ".js"],
        r#"(?P<what>(?:json\.loads\(\s*f|String\.format\(|JSON\.parse\(\s*`|"""\s*)\s*["'`]{0,3}\s*\{[^`;]{0,300}?"(?:query|match|term|multi_match|wildcard)"\s*:[^`;]{0,200}?(?:"%s"|"\{\w+\}"|"\$\{[\w.]+\}"))"#,
        "",
        "a value becomes part of the JSON of a search, so the caller can change the query",
    ),
    many(
        SCRIPT,
        r"@ValidateNested\(\s*\{\s*each\s*:\s*true[^)]*\)\s*(?:@\w+\([^\n]*\)\s*)*(?:readonly\s+|public\s+)?(?P<what>\w+)[!?]?\s*:\s*(?:\w+\[\]|Array<)",
        "ArrayMaxSize",
    ),
    many(
        SCRIPT,
        r"@(?:IsArray|ArrayMinSize|ArrayNotEmpty)\([^\n]*\)\s*(?:@\w+\([^\n]*\)\s*)*(?:readonly\s+|public\s+)?(?P<what>\w+)[!?]?\s*:\s*(?:\w+\[\]|Array<)",
        "ArrayMaxSize",
    ),
    many(
        &[
            "request.java",
            "dto.java",
            "command.java",
            "payload.java",
            "request.kt",
            "dto.kt",
        ],
        r"(?:@(?:NotEmpty|NotNull|Valid)[^\n;]*\s*)+(?:private\s+|val\s+)?(?:final\s+)?(?:List|Set|Collection)<\s*(?:@Valid\s+)?\w*(?:Item|Line|Request|Dto|DTO|Product|Ticket|Entry)\w*>\s+(?P<what>\w+)\s*[;,)]",
        r"@Size\([^)\n]*max|Response",
    ),
    many(
        GO,
        r#"(?m)^\s*(?P<what>[A-Z]\w*)\s+\[\]\*?[\w.]+\s+`[^`\n]*\b(?:binding|validate):"(?:[^"`\n]*,)?(?:dive|min=\d+|gt=0)[^"`\n]*"[^`\n]*`"#,
        r#"\bmax=\d+[^"`\n]*,dive|\bdive\b[^`\n]*\bmax=|\blte="#,
    ),
];
