//! Manifests of clusters: unencrypted entries, data on one node.

use super::{Sign, review};
use crate::model::facts::Topic;

const YAML: &[&str] = &[".yml", ".yaml"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Topic::PlainHttp,
        YAML,
        r"(?ms)^kind:\s*Ingress\b.*?^(?P<what>spec):",
        r"(?m)^\s*(?:- )?tls:|cert-manager|certificate-arn|ssl-redirect",
        "the ingress has no certificate (`tls`)",
    ),
    review(
        Topic::HostPath,
        YAML,
        r#"(?s)\bimage:\s*["']?(?:\S+/)?(?:postgres|mysql|mariadb|mongo|redis|rabbitmq)\b.*?(?P<what>\bhostPath):"#,
        "",
        "the data of the store is in a folder of one node (`{}`)",
    ),
];
