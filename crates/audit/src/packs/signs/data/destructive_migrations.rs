//! Migrations and starts that delete rows, or that fail on a table with rows.

use super::{PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const DROPPED: &str = "`{}` deletes all rows before the table is created again";
const REQUIRED: &str =
    "`{}` is required and has no default, so the statement fails on a table with rows";
const AT_START: &str = "`{}` deletes all rows at each start";
const MIGRATIONS: &[&str] = &[".sql"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::DestructiveMigration,
        &[".up.sql", "/up.sql"],
        r"(?is)\A(?:[^;]*;){0,6}?[^;]*?(?P<what>\bdrop table (?:if exists )?[\w.\x22`]+)[\s\S]*?\bcreate table\b",
        "",
        DROPPED,
    ),
    review(
        Practice::DestructiveMigration,
        MIGRATIONS,
        r"(?i)(?P<what>\balter table (?:if exists )?(?:only )?[\w.\x22`]+\s+add (?:column )?(?:if not exists )?[\w.\x22`]+)\s+\w+(?:\([^)\n]*\))?(?:\s+\w+)*?\s+not null\s*[;,]",
        r"(?i)\bdefault\b|\bgenerated\b|\bserial\b|truncate",
        REQUIRED,
    ),
    review(
        Practice::DestructiveMigration,
        MIGRATIONS,
        r"(?is)(?P<what>\balter table [\w.\x22`]+\s+drop column (?:if exists )?[\w.\x22`]+)\s*;(?:\s|-->[^\n]*)*alter table [\w.\x22`]+\s+add (?:column )?",
        "(?i)update ",
        "`{}` and the column that is added after it lose the values of all rows",
    ),
    review(
        Practice::DestructiveMigration,
        SCRIPT,
        r"(?P<what>\bdropSchema\s*:\s*(?:true|process\.env\.\w+|[\w.]*[cC]onfig\w*\.get(?:<\w+>)?\([^)\n]*\))|\.sync\(\s*\{\s*force\s*:\s*true|\bdropDatabase\(\s*\)|\bsynchronize\(\s*true\s*\))",
        r"(?i)NODE_ENV\s*===?\s*['\x22]test|describe\(|\.spec\.",
        AT_START,
    ),
    review(
        Practice::DestructiveMigration,
        PYTHON,
        r"(?P<what>\b\w+\.metadata\.drop_all|\bdb\.drop_all)\b",
        r"(?i)pytest|\btest",
        AT_START,
    ),
    review(
        Practice::DestructiveMigration,
        &[
            "initializer.java",
            "loader.java",
            "seeder.java",
            "application.java",
            "config.java",
            "initializer.kt",
        ],
        r"(?P<what>\b\w+(?:\.\w+)*\.(?:dropCollection|deleteAll)(?:InBatch)?)\(",
        r"@Profile|ConditionalOnProperty",
        AT_START,
    ),
];
