//! Settings of Spring that are for development only, or that have no bound.

use super::{JVM, Sign, review};
use crate::model::facts::Practice;

/// The base settings. Files of a profile are chosen by the deployment.
const BASE: &[&str] = &[
    "application.yml",
    "application.yaml",
    "application.properties",
];
const DEVELOPMENT: &str = "the default profile is for development (`{}`)";
const CONSOLE: &str = "the console of the database is enabled (`{}`)";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::EnvironmentDefault,
        BASE,
        r"(?m)(?P<what>^spring\.profiles\.active\s*=\s*(?:\$\{\w+:)?(?i:dev|local|development|test)\b)",
        "",
        DEVELOPMENT,
    ),
    review(
        Practice::EnvironmentDefault,
        BASE,
        r"(?m)^\s+profiles:\s*\n(?:\s+(?:include|default)[^\n]*\n)?\s+(?P<what>active:\s*\x22?(?:\$\{\w+:)?(?i:dev|local|development|test)\b)",
        "",
        DEVELOPMENT,
    ),
    review(
        Practice::DebugRoute,
        BASE,
        r"(?m)(?P<what>^spring\.h2\.console\.enabled\s*=\s*true\b)",
        "",
        CONSOLE,
    ),
    review(
        Practice::DebugRoute,
        BASE,
        r"(?m)^\s+h2:\s*\n\s+console:\s*\n(?:\s+path[^\n]*\n)?\s+(?P<what>enabled:\s*true)\b",
        "",
        CONSOLE,
    ),
    review(
        Practice::UploadSize,
        BASE,
        r"(?P<what>\bmax-(?:file|request)-size\s*[:=]\s*\x22?(?:-1|(?:[1-9]\d{2,}|[5-9]\d)\s*MB|\d+\s*GB))",
        "",
        "`{}` lets one request fill the memory or the disk",
    ),
    review(
        Practice::QueryPerRow,
        JVM,
        r"@(?:OneToMany|ManyToMany|ElementCollection)\([^)]*(?P<what>fetch\s*=\s*(?:FetchType\.)?EAGER)\b",
        r"@BatchSize|@Fetch\(|FetchMode",
        "with `{}` each record of a list loads its collection with a query of its own",
    ),
];
