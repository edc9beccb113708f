//! Manifests of clusters: unencrypted entries, data on one node.

use super::{Sign, review};
use crate::model::facts::Practice;

const YAML: &[&str] = &[".yml", ".yaml"];

const OPEN: &str = "`{}` accepts every caller of the network without a password";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::OpenStore,
        YAML,
        r#"(?m)^\s*(?:- )?image:\s*["']?(?:\S+/)?(?P<what>redis|valkey)(?:[:@"'\s]|-stack)"#,
        // The official image ignores `REDIS_PASSWORD`, which may be a setting of a client.
        r"(?i)requirepass|--pass|aclfile|redis\.conf|valkey_?password|redis_args|bitnami|(?m)^kind:",
        OPEN,
    ),
    review(
        Practice::OpenStore,
        YAML,
        r#"(?m)^\s*(?:- )?image:\s*["']?(?:\S+/)?(?P<what>nats)[:@"'\s]"#,
        r"(?i)nats\S*\.conf|--auth|--user|authorization|(?m)^kind:",
        OPEN,
    ),
    review(
        Practice::OpenStore,
        YAML,
        r#"(?m)^\s*(?:- )?image:\s*["']?(?:\S+/)?(?P<what>mongo)[:@"'\s]"#,
        r"(?i)initdb_root|--auth\b|--keyFile|mongodb_root",
        OPEN,
    ),
    review(
        Practice::OpenStore,
        YAML,
        r#"(?P<what>\b(?:ALLOW_EMPTY_PASSWORD|MYSQL_ALLOW_EMPTY_PASSWORD|MARIADB_ALLOW_EMPTY_ROOT_PASSWORD))["']?\s*[:=]\s*["']?(?i:yes|true|1)|\bPOSTGRES_HOST_AUTH_METHOD["']?\s*[:=]\s*["']?trust"#,
        "",
        OPEN,
    ),
    review(
        Practice::OpenStore,
        YAML,
        r#"(?P<what>\bALLOW_(?:ANONYMOUS_LOGIN|PLAINTEXT_LISTENER))["']?\s*[:=]\s*["']?(?i:yes|true|1)\b"#,
        "",
        OPEN,
    ),
    review(
        Practice::SettingCredential,
        &[".yml", ".yaml", ".env", ".properties", ".toml"],
        r#"(?m)^[ \t]*(?P<what>\w*(?:[sS]alt|SALT))[ \t]*[:=][ \t]*["']?[A-Za-z0-9+/_-]{16,}["']?[ \t]*$"#,
        "",
        "the file contains the value of `{}`, which hashes depend on",
    ),
    review(
        Practice::PlainHttp,
        YAML,
        r"(?ms)^kind:\s*Ingress\b.*?^(?P<what>spec):",
        r"(?m)^\s*(?:- )?tls:|cert-manager|certificate-arn|ssl-redirect",
        "the ingress has no certificate (`tls`)",
    ),
    review(
        Practice::HostPath,
        YAML,
        r#"(?s)\bimage:\s*["']?(?:\S+/)?(?:postgres|mysql|mariadb|mongo|redis|rabbitmq)\b.*?(?P<what>\bhostPath):"#,
        "",
        "the data of the store is in a folder of one node (`{}`)",
    ),
];
