//! Calls between services of NestJS, and volumes that one pod can use.

use super::{Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        elsewhere: r"\btimeout\(\s*[\w.{]|\bdeadline\b",
        ..review(
            Practice::OutboundTimeout,
            &[".ts"],
            r"\.getService<[^>\n]*>\([\s\S]*?(?P<what>\bthis\.\w*(?i:service|client)\w*\.\w+)\(\s*(?:\{|\w+\s*\))",
            r"onModuleInit\b[^{]*\{[^}]*this\.\w+\.connect",
            "`{}` calls another service without a deadline",
        )
    },
    Sign {
        elsewhere: r"\btimeout\(\s*[\w.{]",
        ..review(
            Practice::OutboundTimeout,
            &[".ts"],
            r"\bClient(?:Proxy|Kafka|RMQ|Redis|Nats|TCP)\b[\s\S]*?(?P<what>\b\w+\s*\.send)(?:<[^>\n]*>)?\(\s*(?:['\x22`{]|[A-Z]\w*[.,])",
            "",
            "`{}` waits for the answer of another service without a time limit",
        )
    },
    review(
        Practice::HostPath,
        &[".yml", ".yaml"],
        r"(?m)^kind:\s*Deployment\b[^\n]*\n(?:[^-\n][^\n]*\n|-[^-\n][^\n]*\n|\n)*?\s+(?P<what>persistentVolumeClaim):",
        r"type:\s*['\x22]?Recreate|ReadWriteMany",
        "a rolling update runs two pods on one volume, or waits for ever (`{}` without `Recreate`)",
    ),
];
