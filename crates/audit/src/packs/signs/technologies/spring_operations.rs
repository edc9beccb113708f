//! Spring: streams to browsers, formats of logs, and values that logs reveal.

use super::{JVM, Sign, review};
use crate::model::facts::Practice;

const SETTINGS: &[&str] = &[
    "application.yml",
    "application.yaml",
    "application.properties",
];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Leak,
        JVM,
        r"(?P<what>\bnew SseEmitter\(\s*(?:0L?|-1L?|Long\.MAX_VALUE)\s*\))",
        r"(?i)heartbeat|keep_?alive|\bping\b|\.comment\(",
        "a stream of a browser that is gone stays open until the next event (`{}` without a heartbeat)",
    ),
    review(
        Practice::LogFormat,
        SETTINGS,
        r"(?P<what>(?:\bpattern:\s*\n(?:[ \t]*#[^\n]*\n)*[ \t]+|logging\.pattern\.)console)\s*[:=][^\n]*%m(?:sg|essage)?\b",
        r"%-?\d*(?:\.\d+)?(?:p|le|level)\b|structured",
        "records have no level and no field (`{}`)",
    ),
    review(
        Practice::PersonLogged,
        JVM,
        r"\blog(?:ger)?\.(?:trace|debug|info|warn|error)\([^;]*?(?P<what>\bget(?:Balance|AccountBalance|AmountAvailable|AvailableBalance|CreditLimit|Salary|Iban|IBAN|CardNumber)\(\))",
        "",
        "logs contain the money or the account of a person (`{}`)",
    ),
    review(
        Practice::SettingCredential,
        SETTINGS,
        r"(?m)^\s+(?P<what>username:\s*[\x22']?(?:sa|root|admin|postgres)[\x22']?)\s*\n\s+password:[ \t]*(?:\x22\x22|'')?[ \t]*\r?\n",
        "",
        "the administrator of the database has no password (`{}`)",
    ),
];
