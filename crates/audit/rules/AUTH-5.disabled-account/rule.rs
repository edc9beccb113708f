//! A disabled account can still sign in.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model, Service};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.disabled-account",
        title: "A disabled account can still sign in",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Python, TypeScript, Go, Java, Kotlin, C#: the record of a user has a field such as `is_active`, `isBlocked` or `Banned`, and no condition of the service reads it, although a function of the service signs users in or loads the current user. The finding has low confidence.",
        why: "An operator disables an account, and its owner continues to use it.",
        fix: &[(
            "any",
            "Reject disabled accounts at the login and wherever a token becomes a user.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html",
        ],
    },
    check: Check::Service(check),
};

/// A field of a user that tells whether the account may be used.
const FIELD: &str = r"(?m)^[ \t]*(?:public\s+|private\s+|readonly\s+|val\s+|var\s+)*(?:(?:bool|boolean|Boolean)\??\s+)?(?P<name>is_?[aA]ctive|is_?[bB]locked|is_?[bB]anned|is_?[dD]isabled|is_?[dD]eleted|Is(?:Active|Blocked|Banned|Disabled)|Banned|Blocked|Disabled|banned|blocked)\b[!?]?\s*(?::\s*(?:Mapped|bool|boolean|Boolean)|=\s*(?:\w+\.)?(?:Column|mapped_column|BooleanField)|\s+bool\b|\s*\{\s*get|\s*[;=])";
/// The declaration of a user or an account.
const USER: &str = r"(?i)\b(?:class|interface|struct|type|record|entity)\s+\w*(?:user|account|customer)\w*\b|type \w*(?:User|Account|Customer)\w* struct";
/// A function that signs a user in, or that loads the user of a token.
const SIGN_IN: &str = r"(?m)^[ \t]*(?:export\s+)?(?:public\s+|private\s+)?(?:async\s+)?(?:def|func(?:\s+\([^)\n]*\))?|fun|function|[\w<>\[\]?., ]+?)?[ \t]*\b(?P<name>get_current_user|authenticate_user|authenticate|login|[lL]ogin|[sS]ign[iI]n|sign_in|validateUser|[vV]alidateCredentials)\([^;\n]*(?:[:{(,]|->[^\n]*:)\s*$";

static PATTERNS: LazyLock<Option<[Regex; 3]>> = LazyLock::new(|| {
    Some([
        Regex::new(FIELD).ok()?,
        Regex::new(USER).ok()?,
        Regex::new(SIGN_IN).ok()?,
    ])
});

/// Parts of a line that decides with a field or selects by it.
const DECIDES: &[&str] = &[
    "if ", "if(", "&&", "||", "!", " not ", " and ", "where", "filter", "find", "==", "throw",
    "unless", "?",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some([field, user, sign_in]) = PATTERNS.as_ref() else {
        return Vec::new();
    };
    let files: Vec<&FileFacts> = model
        .files_of(service)
        .filter(|found| {
            let language = found.file.language;
            found.file.role == Role::Production && (language.is_code() || language.is_text_code())
        })
        .collect();
    let declared = files
        .iter()
        .filter(|found| user.is_match(&found.file.text))
        .flat_map(|found| field.captures_iter(&found.file.text))
        .find_map(|captures| captures.name("name"));
    let Some(name) = declared.map(|name| name.as_str()) else {
        return Vec::new();
    };
    // Another style may name the field of the record: `isActive`, `is_active`.
    let plain = |text: &str| text.to_lowercase().replace('_', "");
    let wanted = plain(name);
    let decides = files.iter().any(|found| {
        found.file.text.lines().any(|line| {
            plain(line).contains(&wanted)
                && DECIDES.iter().any(|word| line.contains(word))
                && !field.is_match(line)
        })
    });
    if decides {
        return vec![Outcome::passed(
            format!("a condition of the service reads `{name}`"),
            None,
        )];
    }
    let mut places = files.iter().filter_map(|found| {
        let at = sign_in.captures(&found.file.text)?.name("name")?;
        Some(found.file.location(at.range(), None))
    });
    let Some(first) = places.next() else {
        return Vec::new();
    };
    let evidence = format!("no condition of the service reads `{name}` of the account");
    vec![Breach::review(first, evidence).related(places).into()]
}
