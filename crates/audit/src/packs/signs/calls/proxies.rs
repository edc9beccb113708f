//! Gateways that pass on headers which only one of the two connections may have.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const COPIED: &str = "`{}` copies all headers of the other response, also `Content-Encoding` and `Content-Length`, which do not fit the decoded body";
const KEPT: &str =
    "`{}` is set for signed-in callers only, so any other caller can send the header";
/// Code that leaves headers out.
const FILTERS: &str = r"(?i)content-(?:encoding|length)|transfer-encoding|hop_?by_?hop|exclud|\bskip|not in|omit|delete |\.delete\(|pick";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::ErrorResponse,
        PYTHON,
        r"Response\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*?(?P<what>headers\s*=\s*(?:dict\(\s*)?(?:r|res|resp|response|upstream\w*|proxied|result)\.headers)\b",
        FILTERS,
        COPIED,
    ),
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?P<what>\b(?:res|reply)\.(?:set|headers|header)\(\s*(?:r|resp|response|upstream\w*|result|axiosRes\w*|proxyRes\w*)\.headers\s*\))",
        r"axios|fetch|got|request",
        FILTERS,
        COPIED,
    ),
    inside(
        Practice::ErrorResponse,
        JVM,
        r"(?P<what>\.headers\(\s*(?:r|res|resp|response|entity|result|upstream\w*)\.getHeaders\(\)\s*\)|new ResponseEntity<[^>]*>\([^;]*\b(?:response|resp|entity|result)\.getHeaders\(\))",
        r"(?i)restTemplate|restClient|webClient|exchange\(",
        FILTERS,
        COPIED,
    ),
    // The headers of the request are the start, and only a signed-in caller replaces them.
    inside(
        Practice::CallerIdentity,
        PYTHON,
        r#"(?s)\bheaders\s*=\s*(?:dict\(\s*request\.headers|\{[^{}\n]*request\.headers).{0,600}?\n[ \t]+if \w+[^\n]*:\s*\n[ \t]+(?P<what>headers\[["'](?i:x-(?:user|account|auth|customer|tenant|role)[\w-]*)["']\])\s*="#,
        r"request\.headers",
        r#"(?i)(?:pop|del)\b[^\n]*x-(?:user|account|auth|customer|tenant|role)|startswith\(\s*["']x-"#,
        KEPT,
    ),
    inside(
        Practice::CallerIdentity,
        SCRIPT,
        r#"(?s)\bheaders\s*(?::[^=\n]*)?=\s*\{\s*\.\.\.(?:req|request)\.headers.{0,600}?if\s*\([^)\n]*\)\s*\{?\s*(?P<what>headers\[["'](?i:x-(?:user|account|auth|customer|tenant|role)[\w-]*)["']\])\s*="#,
        r"headers",
        r#"(?i)delete\s+headers\[["']x-(?:user|account|auth|customer|tenant|role)"#,
        KEPT,
    ),
    inside(
        Practice::CallerIdentity,
        GO,
        r#"(?s)if [^\n{]*(?:ok|err == nil|!= ""|!= nil)\s*\{\s*\n[^\n}]*(?P<what>(?:[rR]eq(?:uest)?|r|c\.Request|outreq)\.Header\.Set\("(?i:x-(?:user|account|customer|tenant|role)[\w-]*)")"#,
        r"(?i)proxy|forward",
        r#"Header\.Del\(|\breturn\b"#,
        KEPT,
    ),
];
