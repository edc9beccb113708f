//! Addresses, ports and secrets that the code contains, where an environment has to set them.

use super::{GO, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const CODE: &[&str] = &[
    ".go", ".ts", ".js", ".mjs", ".py", ".java", ".kt", ".cs", ".rs", ".php", ".rb",
];
const MACHINE: &str = "the code contains the private address of one machine";
const LOCAL: &str = "`{}` gets the address of this host as a literal";
const LITERAL: &str = "`{}` is a literal that no environment can replace";
const FALLBACK: &str = "a literal replaces the secret `{}` if the environment does not set it";
const ESCAPED: &str =
    "a password with a special character changes the address that this text builds";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LocalAddress,
        CODE,
        r#"["'`](?:\w+://)?(?:[^"'`@\s/]*@)?(?P<what>192\.168\.\d{1,3}\.\d{1,3}|10\.\d{1,3}\.\d{1,3}\.\d{1,3}|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3})(?::\d+)?(?:/[^"'`\n\d][^"'`\n]*)?["'`]"#,
        r"(?i)cidr|trusted_?prox|isPrivate|ParseCIDR",
        MACHINE,
    ),
    review(
        Practice::LocalAddress,
        GO,
        r#"(?P<what>\b(?:\w+\.)*(?:Dial|DialContext|NewClient|New\w+|Connect\w*|Open\w*))\(\s*(?:\w+,\s*)?(?:\[\]string\{\s*)?"(?:\w+://)?(?:[^"@\s/]*@)?(?:localhost|127\.0\.0\.1):\d+"#,
        "",
        LOCAL,
    ),
    review(
        Practice::LocalAddress,
        GO,
        r#"if [\w.]+ == "" \{\s*\n\s*(?P<what>[\w.]+) = "(?:localhost|0\.0\.0\.0|127\.0\.0\.1)"#,
        "",
        "without a setting, `{}` is this host",
    ),
    review(
        Practice::LiteralSetting,
        &[".go", ".ts", ".js", ".py"],
        r#"\b(?P<what>(?:\w*[uU][rR][lL]|\w*[eE]ndpoint|\w*[bB]ase_?[uU]ri))\s*(?::=|:\s*string\s*=|=)\s*["']https?://[a-z0-9.-]+\.[a-z]{2,}(?:[:/][^"'\n]*)?["']"#,
        r"(?i)schema|xmlns|swagger|openapi|jest|cypress",
        LITERAL,
    ),
    review(
        Practice::LiteralSetting,
        CODE,
        r#"\b(?P<what>[hH]ost|HOST|[sS]erver|SMTP\w*|smtp\w*)\s*[:=]\s*["'](?:smtp|mail)[\w-]*\.[\w.-]+["']"#,
        "",
        LITERAL,
    ),
    review(
        Practice::LiteralSetting,
        GO,
        r#"(?P<what>\b(?:\w+\.)*\w*(?:Server|Port|Addr)\w*)\(\s*":\d{4,5}""#,
        "",
        "the port of `{}` is a literal",
    ),
    review(
        Practice::LiteralSetting,
        GO,
        r"(?P<what>\bruntime\.GOMAXPROCS)\(\s*[1-9]",
        "",
        "`{}` gets a literal, and not the number of processors of the container",
    ),
    review(
        Practice::UncheckedSecret,
        CODE,
        r#"\b\w*(?i:env|getOr\w*|default|fallback|config|lookup)\w*\(\s*["'](?P<what>\w*(?i:secret|passw(?:or)?d|private_?key|api_?key|jwt|token_key)\w*)["']\s*,\s*["'][^"'\n]+["']\s*\)"#,
        "",
        FALLBACK,
    ),
    review(
        Practice::UncheckedSecret,
        CODE,
        r#"\b\w*(?i:env|getOr\w*|default|fallback|lookup)\w*\(\s*["'](?P<what>\w+)["']\s*,\s*["'][^"'\n]*\bpassword=[^\s"'$%]+[^"'\n]*["']\s*\)"#,
        "",
        FALLBACK,
    ),
    review(
        Practice::UnsafeInput,
        GO,
        r#"(?P<what>\bfmt\.Sprintf)\(\s*["`]\w+://%s:%s@"#,
        r"QueryEscape|UserPassword|PathEscape",
        ESCAPED,
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"(?P<what>`\w+://\$\{)[^}`]*\}:\$\{[^}`]*\}@",
        r"encodeURIComponent",
        ESCAPED,
    ),
    review(
        Practice::UnsafeInput,
        PYTHON,
        r#"(?P<what>f["']\w+(?:\+\w+)?://\{)[^}"']*\}:\{[^}"']*\}@"#,
        r"quote_plus|quote\(|URL\.create",
        ESCAPED,
    ),
    inside(
        Practice::OutboundTimeout,
        GO,
        r"(?P<what>\b\w*[tT]imeout)\s*:\s*\d+\s*\*\s*time\.Hour",
        ".",
        "",
        "`{}` is longer than any caller waits",
    ),
];
