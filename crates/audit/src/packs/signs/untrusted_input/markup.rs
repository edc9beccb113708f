//! Text of callers that becomes part of a page, document, header or address without escaping.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const PAGE: &str = "`{}` puts text into HTML without escaping";
const DOCUMENT: &str = "`{}` builds JSON from text, so a quotation mark changes the document";
const HEADER: &str = "a line break in the text after `{}` adds headers to the mail";
const PATH: &str = "`{}` becomes part of the path of an internal address without escaping";

const fn unsafe_text(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    review(Practice::UnsafeInput, files, pattern, unless, evidence)
}

pub(super) const SIGNS: &[Sign] = &[
    unsafe_text(
        SCRIPT,
        r"(?P<what>\b\w*(?i:html|body|template)\w*)\s*[:=]\s*`[^`]*<\w+[^`]*\$\{",
        r"(?i)escape|sanitize|he\.encode|document\.|styled|react",
        PAGE,
    )
    .guess(),
    unsafe_text(
        GO,
        r"(?P<what>\bfmt\.Sprintf)\(\s*`[^`]*<(?:p|h\d|div|html|a|b|strong|td|body)\b[^`]*%[sv]",
        r"html\.EscapeString|html/template",
        PAGE,
    )
    .guess(),
    unsafe_text(
        GO,
        r#"(?P<what>\bfmt\.Sprintf)\(\s*"[^"\n]*<(?:p|h\d|div|html|a|b|strong|td|body)\b[^"\n]*%[sv]"#,
        r"html\.EscapeString|html/template",
        PAGE,
    )
    .guess(),
    unsafe_text(
        PYTHON,
        r#"(?P<what>\b\w*(?i:html|body)\w*)\s*=\s*f["']{1,3}[^"']*<(?:p|h\d|div|html|a|b|strong|td|body)\b[^"']*\{"#,
        r"escape\(|bleach|markupsafe",
        PAGE,
    )
    .guess(),
    unsafe_text(GO, r#"(?P<what>`\{\s*"\w+":\s*"?`)\s*\+"#, "", DOCUMENT),
    unsafe_text(
        GO,
        r#"(?P<what>\bfmt\.Sprintf)\(\s*`\{\s*"\w+":\s*"%[sv]"#,
        "",
        DOCUMENT,
    ),
    unsafe_text(SCRIPT, r#"(?P<what>'\{\s*"\w+":\s*"?')\s*\+"#, "", DOCUMENT),
    unsafe_text(
        &[".go", ".js", ".ts", ".py", ".java"],
        r#"(?P<what>["'`](?:To|Subject|From|Cc|Reply-To):\s*["'`]?\s*(?:\+|%[sv](?:\\r)?\\n|\$\{))"#,
        r"(?i)ReplaceAll|sanitize|mime\.|gomail|header\.Set|removeNewlines",
        HEADER,
    ),
    unsafe_text(
        SCRIPT,
        r"\b(?:axios|fetch|got|httpService|this\.http\w*|http|client)(?:\.(?:get|post|put|patch|delete|request))?\(\s*`[^`]*\$\{[^}]*(?i:url|host|base|service)[^}]*\}/(?:[^`$]*/)?\$\{(?P<what>[\w.]*[iI]d)\}",
        r"encodeURIComponent|isUUID|ParseUUIDPipe|ObjectId",
        PATH,
    )
    .guess(),
    unsafe_text(
        GO,
        r#"(?P<what>\bfmt\.Sprintf)\(\s*"%s/[^"\n]*%s[^"\n]*",\s*[\w.]*(?i:url|host|base|endpoint|addr)[\w.()]*,"#,
        r"PathEscape|QueryEscape|uuid\.Parse|JoinPath",
        PATH,
    )
    .guess(),
];
