//! Settings whose value has no effect, without an error.

use super::{SCRIPT, Sign, review};
use crate::model::facts::Practice;

const fn lost(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    review(Practice::LostSetting, files, pattern, unless, evidence)
}

pub(super) const SIGNS: &[Sign] = &[
    lost(
        &[".rs"],
        r#"(?P<what>\bEnvironment::(?:default\(\)|with_prefix\([^)]*\))(?:\s*\.\w+\([^)]*\))*?\s*\.separator\(\s*"_"\s*\))"#,
        "",
        "the separator `_` also splits the names of fields with several words, so their variables have no effect",
    ),
    lost(
        &[".rs"],
        r#""(?:HS|RS|ES|PS)\d{3}"\s*=>[\s\S]{0,900}?\n\s*(?P<what>_ =>)\s*(?:\{\s*)?(?:\(|[A-Z]\w*::)"#,
        "",
        "an unknown name of an algorithm selects the default without an error",
    ),
    lost(
        &[".rs"],
        r"match [\w.&]*(?:backend|driver|provider|storage|store_type)(?:\.\w+\(\))* \{(?:\n[^\n]*){1,45}?\n\s*(?P<what>_ =>)\s*(?:\{\s*(?:[^\n]*\n){0,4}?\s*)?(?:Arc::new|Box::new|Self::|[A-Z]\w*::)",
        "",
        "an unknown value of the setting selects the default without an error",
    ),
    lost(
        &[".rs"],
        r"\.filter_map\(\s*\|\s*\w+\s*\|\s*(?P<what>\w+(?:\.\w+\(\))*\.parse(?:::<\w+>)?\(\)\.ok\(\))",
        "",
        "`{}` drops an invalid value without an error",
    ),
    lost(
        SCRIPT,
        r"(?P<what>(?:\.get(?:<\w+>)?\(\s*['\x22]\w*(?:BROKERS?|HOSTS?|URLS?|URI|DSN|ENDPOINTS?)['\x22]\s*\)|process\.env\.\w*(?:BROKERS?|HOSTS?|URLS?|URI|DSN|ENDPOINTS?))\s*(?:\|\||\?\?))\s*(?:''|\x22\x22)",
        "",
        "an empty URL replaces the missing variable of `{}`",
    ),
    lost(
        SCRIPT,
        r"\bbrokers:\s*\[\s*(?P<what>process\.env\.\w*BROKERS?|\w+(?:\.\w+)*\.get(?:OrThrow)?(?:<\w+>)?\(\s*['\x22]\w*BROKERS?['\x22]\s*\))\b[^\]]*\]",
        r"\.split\(",
        "`{}` is used as one address, so a list of brokers is not a valid value",
    ),
    lost(
        &["dockerfile"],
        r#"(?s)\bENV PORT\b.*?\n(?P<what>CMD|ENTRYPOINT)\s*\[[^\]]*"(?:--port|-p)"\s*,\s*"\d+""#,
        "",
        "the image sets `PORT`, and the command of `{}` listens on a fixed port",
    ),
    lost(
        &["compose.yml", "compose.yaml"],
        r#"image:\s*["']?(?:\S+/)?(?:redis|postgres|mysql|mariadb|mongo|rabbitmq|memcached)\b[^\n]*(?:\n[ \t]+[^\n]*){1,12}?\n\s*-\s*["']?\$\{\w+\}:(?P<what>\$\{\w+\})["']?"#,
        "",
        "`{}` changes the port inside of the container, and the program there keeps its default port",
    ),
];
