//! Services with Python: timeouts of stores, offsets, addresses and labels.

use super::{PYTHON, Sign, inside, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::UnsafeInput,
        PYTHON,
        r#"(?P<what>["']\$regex["']\s*:\s*(?:f["'][^"'\n]*\{)?[a-z_][\w.]*)"#,
        r"re\.escape",
        "the text of a caller is a pattern (`{}`)",
    ),
    review(
        Practice::OutboundTimeout,
        PYTHON,
        r"(?P<what>=\s*(?:await )?(?:\w+\.)*(?:Strict)?Redis(?:\.from_url)?\(|\b(?:aio)?redis\.(?:asyncio\.)?from_url\()",
        r"(?i)timeout",
        "the client of `{}…)` has no timeout",
    ),
    review(
        Practice::OutboundTimeout,
        PYTHON,
        r"(?P<what>\bcreate_(?:async_)?engine)\(",
        r"connect_timeout|command_timeout|statement_timeout|connect_args|sqlite|\*\*",
        "the connections of `{}` have no timeout for connecting and for statements",
    ),
    review(
        Practice::Acknowledgement,
        PYTHON,
        r"(?P<what>\b(?:AIO)?KafkaConsumer)\((?:[^()]|\([^()]*\))*group_id",
        r"enable_auto_commit|\.commit\(",
        "`{}` commits the offset by a timer, also of records that failed",
    ),
    review(
        Practice::LiteralSetting,
        PYTHON,
        r#"\bbootstrap_servers\s*=\s*\[?\s*(?P<what>["'][\w.-]+:\d+["'])"#,
        "",
        "the address `{}` is a literal, so each environment needs its own build",
    ),
    inside(
        Practice::MetricLabel,
        PYTHON,
        r"(?P<what>\b(?:endpoint|path|route|url)\s*=\s*(?:request|req)\.url\.path)\b",
        r"\.labels\(",
        r"\broute\.path|scope\[['\x22]route",
        "the label of `{}` has a value for each identifier",
    ),
    review(
        Practice::SettingCredential,
        &[".ini", ".cfg"],
        r"(?m)^\s*(?P<what>sqlalchemy\.url)\s*=\s*(?:postgres\w*|mysql|mariadb|mssql|oracle)(?:\+\w+)?://\w+:[^@%\s\{\$:/]+@",
        "",
        "`{}` contains a literal password",
    ),
];
