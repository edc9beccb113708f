//! Methods that are not written: each call has the same result.

use super::{GO, Sign, review};
use crate::model::facts::Practice;

/// Files of the JVM whose methods reach another system.
const REACHES: &[&str] = &[
    "adapter.java",
    "adapter.kt",
    "client.java",
    "gateway.java",
    "service.java",
    "serviceimpl.java",
];
const CONSTANT: &str = "the body of the method is only `{}`";

const fn constant(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::Stub, files, pattern, "", CONSTANT)
}

pub(super) const SIGNS: &[Sign] = &[
    constant(
        REACHES,
        r"@Override\s+public [\w<>\[\], ?.]+ \w+\([^)]+\)\s*\{\s*(?P<what>return null);\s*\}",
    ),
    constant(
        REACHES,
        r"@Override\s+public boolean (?:request|create|send|update|delete|pay|transfer|charge|increase|decrease|register|process)\w*\([^)]+\)\s*\{\s*(?P<what>return (?:true|false));\s*\}",
    ),
    constant(
        REACHES,
        r"@Override\s+public \w+ (?:request|charge|pay|transfer|send)\w*\([^)]+\)\s*\{\s*(?P<what>return new \w+\((?:0|true|\x22\w+\x22)\));\s*\}",
    ),
    review(
        Practice::HealthResult,
        GO,
        r"func \([^)\n]*\) (?P<what>(?:Health|HealthCheck|CheckHealth|Check|Ping))\(\s*\w+ context\.Context,[^)\n]*\) \([^)\n]*\) \{\s*\n\s*return &[\w.]+\{[^{}]*\}, nil\s*\n\}",
        "",
        "`{}` always succeeds, also without its database",
    ),
    constant(
        GO,
        r"func \([^)\n]*\) (?:Login|Refresh|Verify|Reset|Register|Create|Update|Delete|Send|Pay|Charge|Refund|Cancel|Process)\w*\([^)\n]+\) \([^)\n]*error\) \{\s*\n\s*(?P<what>return (?:nil|[\w.&]+\{\}), (?:nil|(?:\w+\.)?Err\w+))\s*\n\}",
    ),
    constant(
        GO,
        r"// todo: add your logic here and delete this line\s*\n\s*(?P<what>return (?:&[\w.]+\{\}, nil|nil))\s*\n\}",
    ),
];
