//! Small mistakes of several languages: texts as formats, ignored counts, shared secrets and
//! settings of test systems.

use super::{GO, SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::UnsafeInput,
        GO,
        r"(?P<what>\b(?:fmt\.(?:Errorf|Printf|Sprintf|Fprintf)|log\.(?:Printf|Fatalf)|\w*[lL]og(?:ger)?\.(?:Infof|Errorf|Debugf|Warnf|Printf))\(\s*(?:\w+\.)*(?:msg|message|text|err\.Error\(\)|\w+\.(?:Message|Error|Msg)(?:\(\))?)\s*\))",
        "",
        "a text of another source is the format of `{}`",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?P<what>\b\w+, _ :?= \w+\.(?:RowsAffected|LastInsertId)\(\))",
        "",
        "no code checks the error of `{}`",
    ),
    review(
        Practice::UncheckedSecret,
        SCRIPT,
        r"(?P<what>(?i:refresh\w*secret|secret\w*refresh)\w*['\x22)\]]*\s*(?:\|\||\?\?)\s*[^;\n]*(?i:secret))",
        r"(?i)throw|joi|zod|validationSchema",
        "the secret of access tokens replaces that of refresh tokens, so each is accepted as the other",
    ),
    review(
        Practice::EnvironmentDefault,
        &[
            "application-production.properties",
            "application-prod.properties",
            "application-production.yml",
            "application-prod.yml",
            "application-prod.yaml",
            ".env.production",
            "production.yaml",
            "production.yml",
        ],
        r"(?mi)^[^#\n]*(?P<what>[:=][^#\n]*\bsandbox\b)",
        "",
        "production uses a test system of the provider (`{}`)",
    ),
    review(
        Practice::SampleData,
        &["seed.ts", "seed.js", "seeds.ts", "seeder.ts"],
        r"(?P<what>\bawait (?:reset\(|[\w.]+\.(?:deleteMany|truncate|clear)\(\s*(?:\{\s*\})?\s*\)|db\.delete\(\w+\)))",
        r"NODE_ENV|APP_ENV|isProduction",
        "`{}` deletes the rows of every environment",
    ),
    review(
        Practice::TestDependency,
        &["requirements.txt", "pyproject.toml"],
        r"(?m)^\s*(?P<what>['\x22]?(?:debugpy|ipdb|pudb|pydevd))\b",
        r"(?i)\[tool\.poetry\.group\.dev|\[tool\.poetry\.dev|optional-dependencies|dependency-groups",
        "`{}` is a debugger, and the image contains it",
    ),
    review(
        Practice::TestDependency,
        &["package.json"],
        r#""dependencies"\s*:\s*\{[^}]*?(?P<what>"(?:@faker-js/faker|faker|chance|casual|nock)")"#,
        "",
        "`{}` is for tests and samples, and the image contains it",
    ),
];
