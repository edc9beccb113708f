//! Signs whose text is alike in all languages: responses of a login, credentials in addresses.

use super::{Practice, Sign, inside, review};

const CODE: &[&str] = &[
    ".go", ".ts", ".js", ".mjs", ".py", ".java", ".kt", ".cs", ".php", ".rb", ".rs",
];

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::AccountEnumeration,
        CODE,
        r#"(?i)(?P<what>["'`](?:(?:the )?(?:user|account|e-?mail|username)(?:name| address)? (?:was |is )?(?:not found|not registered|does ?n(?:o|')t exist|unknown)|no such (?:user|account)|(?:wrong|incorrect|bad) password|password (?:is )?(?:incorrect|wrong|does ?n(?:o|')t match))[^"'`\n]{0,20}["'`])"#,
        r"(?i)log_?in|sign_?in|authenticat|sessions?_?controller|\bhalt\b|password",
        "",
        "the response `{}` reveals which accounts exist",
    ),
    review(
        Practice::CodeCredential,
        CODE,
        r#"(?P<what>["'`](?:amqps?|postgres(?:ql)?|mysql2?|mongodb(?:\+srv)?|rediss?|mssql)://)(?:\w[\w.-]*)?:[^@\s"'`$#{}<>%*]{2,}@"#,
        "",
        "the URL `{}…` contains a literal credential",
    ),
    review(
        Practice::MemoryState,
        CODE,
        r"\b(?:type|class|struct)\s+(?P<what>(?:In)?[mM]em(?:ory)?\w*(?:Store|Repository|Repo|Storage|Dao))\b",
        "",
        "`{}` keeps its data in the memory of one process",
    ),
    review(
        Practice::LocalAddress,
        CODE,
        r#"(?P<what>["']bootstrap[._]servers["']\s*(?::|=>|=|,)\s*["'](?:localhost|127\.0\.0\.1))"#,
        "",
        "`{}…` expects the broker on this host, and no setting replaces it",
    ),
];
