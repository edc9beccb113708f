//! Exits of programs: servers that survive their deadline, and pools that stay open.

use super::{GO, Sign, inside, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::Cleanup,
        GO,
        r"(?P<what>case <-(?:\w+\.Done\(\)|time\.After\([^\n]*\))):",
        r"\.GracefulStop\(\)",
        r"\.Stop\(\)",
        "after `{}` the gRPC server is not stopped, because no code calls `Stop`",
    ),
    inside(
        Practice::Cleanup,
        GO,
        r"(?P<what>\.GracefulStop\(\))",
        r"\bfunc\b",
        r"\.Stop\(\)|time\.After|WithTimeout|NewTimer",
        "`{}` waits without a limit for a call that does not end",
    ),
    Sign {
        elsewhere: r"\.Shutdown\w*\(|GracefulStop\(|\.Stop\(",
        ..review(
            Practice::Cleanup,
            &["main.go"],
            r"(?P<what>\bsignal\.Notify(?:Context)?)\(",
            r"\.Shutdown\w*\(|GracefulStop\(|\.Stop\(|\bcancel\(\)|<-ctx\.Done|\.Run\(ctx|\(ctx\b",
            "after `{}` the program ends, and nothing stops its server",
        )
    },
    Sign {
        elsewhere: r"(?i)\b\w*(?:conn|client|cc)\w*\.Close\(",
        ..review(
            Practice::Cleanup,
            GO,
            r"(?P<what>\bgrpc\.(?:NewClient|Dial|DialContext))\(",
            r"\.Close\(",
            "no code closes the connection of `{}`",
        )
    },
];
