//! Goroutines without an owner.

use super::{GO, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    // A call with a context may stop when the context is cancelled.
    review(
        Practice::OwnedTask,
        GO,
        r"(?m)^[ \t]*go (?P<what>(?:\w+\.)*\w+(?:\([^()\n]*\))?\.(?:Run|Start|Consume\w*|Listen|Loop|Work|Process\w*|Poll\w*|Watch|Subscribe\w*|Schedule\w*))\((?:[^\n)cC]|c[^t\n]|ct[^x\n]|C[^o\n]|Co[^n\n])*\)[ \t]*$",
        r"\.Wait\(\)|errgroup|<-done",
        "no code cancels `{}`, and the shutdown does not wait for it",
    ),
    review(
        Practice::OwnedTask,
        GO,
        r"\bfunc [^\n]*\(ctx context\.Context, \w+ \*[\w.]+\) \([^\n]*error\) \{(?:[^\n]|\n[^}])*?\n[ \t]*go (?P<what>[\w.]+)\(\s*ctx\b",
        r"WithoutCancel",
        "`{}` gets the request context, which is cancelled after the response",
    ),
];
