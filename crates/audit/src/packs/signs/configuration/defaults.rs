//! Defaults for development: modes and credentials.

use super::{PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::DebugMode,
        &[".go", ".py", ".rb", ".php"],
        r#"(?P<what>(?i:getenv|env|environ\.get|lookup)\w*\(\s*["']\w*(?:MODE|ENV|ENVIRONMENT|LOCAL\w*|DEBUG)["']\s*,\s*["']?(?i:dev|development|debug|local|true)["']?)"#,
        "",
        "`{}…)` defaults to development mode",
    ),
    review(
        Practice::DebugMode,
        SCRIPT,
        r"(?m)(?:[=:(,?]|^)\s*(?P<what>process\.env\.\w*(?:MODE|ENV|LOCAL\w*|DEBUG)\s*(?:\|\||\?\?)\s*['\x22](?:dev|development|debug|local|true)['\x22])",
        "",
        "`{}` defaults to development mode",
    ),
    review(
        Practice::DebugMode,
        PYTHON,
        r"(?m)^\s+(?P<what>(?:DEBUG|debug)\s*:\s*bool\s*=\s*True)",
        "",
        "`{}` defaults to development mode",
    ),
    review(
        Practice::CodeCredential,
        &[".go", ".ts", ".js", ".py", ".java", ".kt", ".cs"],
        r#"(?P<what>\b\w*(?i:credentials?|userinfo|basic_?auth))\s*:?=\s*["'][^"':\s$\{]+:[^"'\s$\{/]+["']"#,
        "",
        "`{}` is a literal",
    ),
];
