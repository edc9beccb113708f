//! Failures that become a value, a success or a text, and retries without an end.

use super::{GO, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const VALUE: &str = "a failure is returned as the value `{}`";
const ORDER: &str = "the text of a caller becomes a part of the statement (`{}`)";
const COLUMNS: &str = "the caller chooses the columns of the statement (`{}`)";
const ENDLESS: &str = "`{}` repeats a failed call without a limit";
/// Words of code that allows known columns only.
const ALLOWED: &str = r"(?i)allow|whitelist|valid|switch|permitted|includes\(|pgx\.Identifier|\bin (?:ALLOWED|SORT|COLUMNS)|quoteIdent|sanitize|map\[string\]string";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::IgnoredError,
        GO,
        r#"if err != nil \{\s*\n(?:[^\n]*(?i:log|print)[^\n]*\n)?\s*(?P<what>return (?:-?\d+(?:\.\d+)?|true|false|"[^"\n]*"|\[\][\w.*]+\{\}|map\[[^\n]*\{\}), nil)\s*\n"#,
        ONE_FUNCTION,
        r"ErrNoRows|redis\.Nil|NotFound|errors\.(?:Is|As)|ErrNoDocuments|IsNotExist",
        VALUE,
    ),
    inside(
        Practice::IgnoredError,
        SCRIPT,
        r"\bcatch\s*(?:\([^)\n]*\))?\s*\{\s*(?:[^\n{}]*(?i:log|console)[^\n{}]*\n\s*)?(?P<what>return (?:\[\]|\{\}|0|null|undefined|false|true|['\x22]{2}))\s*;?\s*\n?\s*\}",
        r"await|\bquery\b",
        r"(?i)JSON\.parse|jwt|verify|\.code\b|instanceof|\.status\b|new URL|health|exists|ping",
        VALUE,
    ),
    inside(
        Practice::IgnoredError,
        PYTHON,
        r"(?m)^[ \t]*except(?: Exception(?: as \w+)?)?:\s*\n(?:[^\n]*(?i:log|print)[^\n]*\n)?[ \t]*(?P<what>return (?:\[\]|\{\}|0(?:\.0)?|None|False|True|\x22\x22))\s*\n",
        r"(?i)requests|httpx|session|\bdb\b|redis|cursor|await",
        r"(?i)health|ping|exists|decode|parse|check|connected",
        VALUE,
    ),
    inside(
        Practice::SqlText,
        GO,
        r#"(?P<what>ORDER BY %[sv]|ORDER BY " ?\+ ?\w+)"#,
        ONE_FUNCTION,
        ALLOWED,
        ORDER,
    ),
    inside(
        Practice::SqlText,
        SCRIPT,
        r"(?P<what>ORDER BY \$\{\w*(?i:sort|order|column|by)\w*\}|ORDER BY ['\x22]\s*\+\s*\w+)",
        ONE_FUNCTION,
        ALLOWED,
        ORDER,
    ),
    inside(
        Practice::SqlText,
        PYTHON,
        r"(?P<what>ORDER BY \{\w*(?i:sort|order|column|by)\w*\})",
        ONE_FUNCTION,
        ALLOWED,
        ORDER,
    ),
    inside(
        Practice::SqlText,
        SCRIPT,
        r"(?P<what>Object\.(?:keys|entries)\(\s*(?:req\.body|body|dto|data|updates|fields|changes|patch)\s*\))",
        r"(?i)UPDATE\s+\w+\s+SET\s+\$\{",
        ALLOWED,
        COLUMNS,
    ),
    inside(
        Practice::SqlText,
        PYTHON,
        r"(?P<what>for \w+(?:, ?\w+)? in (?:body|data|payload|fields|updates|changes|kwargs)(?:\.items\(\)|\.keys\(\))?)",
        r"(?i)f['\x22]+UPDATE\s+\w+\s+SET\s+\{",
        ALLOWED,
        COLUMNS,
    ),
    inside(
        Practice::RetryDelay,
        SCRIPT,
        r"\bcatch\s*(?:\([^)\n]*\))?\s*\{\s*(?:[^\n{}]*(?i:log|console)[^\n{}]*\n\s*)?return\s+(?:await\s+)?(?P<what>(?:this\.)?\w*[rR]etry\w*)\(",
        ONE_FUNCTION,
        r"(?i)attempt|retries|count|delay|setTimeout|max|left",
        ENDLESS,
    ),
    review(
        Practice::RetryDelay,
        PYTHON,
        r"(?P<what>max_retries\s*=\s*None)",
        "",
        ENDLESS,
    ),
    // The process goes on in an unknown state.
    review(
        Practice::FloatingPromise,
        SCRIPT,
        r"(?P<what>process\.on\(\s*['\x22](?:uncaughtException|unhandledRejection)['\x22])\s*,\s*\(?\w*(?::\s*\w+)?\)?\s*=>\s*(?:\{\s*)?(?:console|logger|log)\.\w+\([^\n]*\);?\s*\n?\s*\}?\s*\)",
        r"process\.exit|shutdown\(|stop\(",
        "`{}` only logs, so the process continues in an unknown state",
    ),
    review(
        Practice::HealthResult,
        SCRIPT,
        r#"\.get\(\s*["'`]/[^"'`\n]*(?:health|ready|live)[^"'`\n]*["'`](?:[^\n]*\n){1,10}?[^\n]*\bcatch\b[^\n]*\{\s*\n(?:[^\n]*(?i:log|console)[^\n]*\n)?\s*(?P<what>(?:return\s+)?res\.(?:json|send))\("#,
        "",
        "a failed check responds with the status of success (`{}`)",
    ),
    review(
        Practice::InternalError,
        SCRIPT,
        r"\.(?:json|send)\(\s*(?:\{[^{}\n]*:\s*)?(?P<what>String\(\s*(?:e|err|error)\s*\)|(?:err|error)\.toString\(\)|`[^`\n]*\$\{\s*(?:e|err|error)\s*\}`)",
        "",
        "`{}` exposes the text of an internal error to the client",
    ),
    review(
        Practice::ErrorListener,
        SCRIPT,
        r"(?P<what>\bnew (?:pg\.)?Pool)\(",
        r"\.on\(\s*['\x22]error['\x22]",
        "no listener handles errors of idle connections of `{}`, so a restart of the database ends the process",
    ),
    review(
        Practice::TokenLifetime,
        PYTHON,
        r"jwt\.encode\([^\n]*(?P<what>timedelta\(\s*(?:days\s*=\s*(?:[1-9]\d*)|hours\s*=\s*(?:2[4-9]|[3-9]\d|\d{3,})|weeks\s*=))",
        "",
        "`{}` makes a token that is valid for a long time",
    ),
    inside(
        Practice::OwnedTask,
        PYTHON,
        r"(?P<what>\b\w*background\w*\.add_task)\(",
        ONE_FUNCTION,
        "",
        "`{}` keeps the work in memory, so a restart loses it",
    ),
];
