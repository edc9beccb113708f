//! Formats of logs.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const TEXT: &str = "`{}` writes logs as text, so the log system cannot filter by field";

const fn text(
    files: &'static [&'static str],
    pattern: &'static str,
    elsewhere: &'static str,
) -> Sign {
    Sign {
        elsewhere,
        ..review(Practice::LogFormat, files, pattern, elsewhere, TEXT)
    }
}

pub(super) const SIGNS: &[Sign] = &[
    text(
        &[".rs"],
        r"(?P<what>\btracing_subscriber::fmt(?:::layer)?\(\)|\bfmt::layer\(\)|\btracing_subscriber::fmt::init\(\)|\benv_logger::(?:init|builder)\(\))",
        r"\.json\(\)|bunyan|tracing_stackdriver|JsonStorageLayer",
    ),
    text(
        PYTHON,
        r"(?P<what>\blogging\.basicConfig)\(",
        r"(?i)json_?formatter|structlog|json_?logg|JSONRenderer|serialize=True",
    ),
    text(
        SCRIPT,
        r"(?P<what>\b(?:winston\.)?format\.(?:simple|printf|cli|prettyPrint)\(|['\x22]pino-pretty['\x22])",
        r"format\.json\(|\bformat:\s*json\(",
    ),
    text(
        GO,
        r"(?P<what>\bzap\.NewDevelopment\(|\bzapcore\.NewConsoleEncoder\(|\bslog\.NewTextHandler\(|&?logrus\.TextFormatter\{|\bzerolog\.ConsoleWriter\{)",
        r"NewJSONEncoder|NewJSONHandler|JSONFormatter|NewProduction\(",
    ),
    text(
        &[".cs"],
        r"(?P<what>\bAddConsole)\(\)",
        r"AddJsonConsole|Serilog|NLog",
    ),
];
