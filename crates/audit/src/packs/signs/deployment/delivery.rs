//! Containers and clusters: scripts from the network, rights that no service needs, databases
//! inside a container.

use super::Sign;
use crate::model::facts::{Practice, Verdict};

const COMPOSE: &[&str] = &["compose.yml", "compose.yaml", "-env.yml", "-stack.yml"];
const YAML: &[&str] = &[".yml", ".yaml"];

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        practice: Practice::RemoteScript,
        verdict: Verdict::Broken,
        files: &["dockerfile", "containerfile", ".dockerfile"],
        pattern: r"(?P<what>\b(?:curl|wget)\b[^|&;\n]*(?:\\\n[^|&;\n]*)*\|\s*(?:sudo\s+)?(?:-E\s+)?(?:(?:ba|z)?sh|php|python3?|perl|ruby|node)\b)",
        unless: "",
        elsewhere: "",
        evidence: "a script from the network is piped into an interpreter",
        within: "",
    },
    Sign {
        practice: Practice::Privileges,
        verdict: Verdict::Broken,
        files: YAML,
        pattern: r"(?m)^\s*(?:- )?(?P<what>privileged:\s*true)\b",
        unless: "",
        elsewhere: "",
        evidence: "`{}`",
        within: "",
    },
    Sign {
        practice: Practice::Privileges,
        verdict: Verdict::Broken,
        files: COMPOSE,
        pattern: r#"(?m)^\s+(?P<what>user:\s*["']?(?:root|0)(?::\w+)?["']?)\s*(?:#.*)?\r?$"#,
        unless: "",
        elsewhere: "",
        evidence: "`{}`",
        within: "",
    },
    Sign {
        practice: Practice::Privileges,
        verdict: Verdict::Broken,
        files: YAML,
        pattern: r"(?s)kind:\s*ClusterRoleBinding\b.*?(?P<what>name:\s*cluster-admin)\b",
        unless: "",
        elsewhere: "",
        evidence: "a binding gives its subjects the role `cluster-admin`",
        within: "",
    },
    Sign {
        practice: Practice::EmbeddedDatabase,
        verdict: Verdict::Review,
        files: &["settings.py", "/base.py", "/production.py"],
        pattern: r#"["']ENGINE["']\s*:\s*["'](?P<what>django\.db\.backends\.sqlite3)["']"#,
        unless: r#"postgresql|mysql|environ|getenv|env\("#,
        elsewhere: "",
        evidence: "`{}` keeps the data in a file of the container",
        within: "",
    },
    Sign {
        practice: Practice::EmbeddedDatabase,
        verdict: Verdict::Review,
        files: &[
            "application.properties",
            "application.yml",
            "application.yaml",
        ],
        pattern: r"(?m)^\s*(?:[\w.\-]*(?:url|database))\s*[=:]\s*(?P<what>(?:jdbc:)?(?:h2(?::mem)?|hsqldb))\b",
        unless: "",
        elsewhere: "",
        evidence: "`{}` keeps the data in memory",
        within: "",
    },
];
