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
    Sign {
        elsewhere: ERROR_HANDLING,
        ..review(
            Practice::Redelivery,
            SETTINGS,
            r"(?P<what>\bvalue-deserializer\s*[:=]\s*\S*\.(?:JsonDeserializer|KafkaAvroDeserializer))",
            ERROR_HANDLING,
            "a record that `{}` cannot read is fetched again without end",
        )
    },
    Sign {
        elsewhere: "UncaughtExceptionHandler",
        ..review(
            Practice::ErrorListener,
            JVM,
            r"(?P<what>@EnableKafkaStreams\b|\bnew KafkaStreams\()",
            "UncaughtExceptionHandler",
            "the first exception ends the thread of the stream, and no handler replaces it (`{}`)",
        )
    },
    Sign {
        elsewhere: "read_committed",
        ..review(
            Practice::DualWrite,
            SETTINGS,
            r"(?P<what>\bprocessing[.-]guarantee\s*[:=]\s*[\x22']?exactly_once\w*)",
            "read_committed",
            "consumers read records of aborted transactions, because none reads with `read_committed` (`{}`)",
        )
    },
    review(
        Practice::LimiterFailure,
        SETTINGS,
        r"(?P<what>\bname:\s*RequestRateLimiter)\b",
        "",
        "without Redis the limiter of the gateway accepts each request (`{}`)",
    ),
    Sign {
        elsewhere: r"(?i)time-?limiter",
        ..review(
            Practice::OutboundTimeout,
            SETTINGS,
            r"(?P<what>\bname:\s*CircuitBreaker)\b",
            r"(?i)time-?limiter",
            "the default time limit of one second also ends slow calls that succeed (`{}`)",
        )
    },
    review(
        Practice::LoginLimit,
        SETTINGS,
        r"- Path=(?P<what>/(?:api/)?(?:auth|login|register|signup)\S*)\s*\n\s+- id:",
        "",
        "the route `{}` has no limit, so a caller may try passwords",
    ),
];

const ERROR_HANDLING: &str = "ErrorHandlingDeserializer|setCommonErrorHandler";
