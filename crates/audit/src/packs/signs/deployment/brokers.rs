//! Brokers and dashboards of compose files.

use super::{Sign, review};
use crate::model::facts::Practice;

const YAML: &[&str] = &[".yml", ".yaml"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Encryption,
        YAML,
        r"(?P<what>\bKAFKA_(?:CFG_)?ADVERTISED_LISTENERS\s*[:=]\s*[\x22']?[A-Z_]*PLAINTEXT\w*://(?P<host>[a-z\d][\w.-]*)[^\n,\x22']*)",
        r"SASL|SSL://",
        "the listener of `{}` has neither encryption nor credentials",
    ),
    // A listener of the controller alone is inside of the cluster.
    review(
        Practice::Encryption,
        YAML,
        r"\bKAFKA_(?:CFG_)?LISTENER_SECURITY_PROTOCOL_MAP\s*[:=][^\n]*?(?P<what>\b(?:[ABD-Z]\w*|C[A-NP-Z]\w*|CO[A-MO-Z]\w*|CON[A-SU-Z]\w*):(?:SASL_)?PLAINTEXT\b)",
        r":SSL\b|SASL_SSL",
        "the listener `{}` sends messages and passwords without encryption",
    ),
    review(
        Practice::OpenStore,
        YAML,
        r"(?i)(?P<what>\b(?:KAFKA_(?:CFG_)?)?ALLOW[._]EVERYONE[._]IF[._]NO[._]ACL[._]FOUND\s*[:=]\s*[\x22']?true)\b",
        "",
        "every client may read and write every topic without a rule (`{}`)",
    ),
    review(
        Practice::HostPath,
        YAML,
        r"(?P<what>\bKAFKA_(?:CFG_)?LOG_DIRS\s*[:=]\s*[\x22']?/tmp[^\s\x22']*)",
        r":/tmp",
        "a new container loses all messages (`{}`)",
    ),
    review(
        Practice::OpenStore,
        YAML,
        r"(?m)^[ \t]+image:[ \t]*[\x22']?(?P<what>(?:docker\.io/)?grafana/grafana(?:-oss|-enterprise)?)(?::[^\n]*)?\n(?:[ \t]+[^\n]*\n){0,12}?[ \t]+ports:",
        r"GF_SECURITY_ADMIN_PASSWORD|GF_AUTH_|admin_password",
        "`{}` is published with the default password of its administrator",
    ),
];
