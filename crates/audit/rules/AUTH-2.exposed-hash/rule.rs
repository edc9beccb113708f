//! The JSON of a stored user contains the password hash.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, exposed_hashes, observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-2.exposed-hash",
        title: "The JSON of a stored user contains the password hash",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A stored record has a password field that its JSON contains, or a handler sends a whole user. A handler counts too if no function on its path chooses the fields of the account that it returns. The finding has low confidence, because the handler may map the record.",
        why: "Every client that can read the user gets the hash and can test passwords offline.",
        fix: &[(
            "any",
            "Return a separate type that names each field. Exclude the hash from JSON (Go: `json:\"-\"`, Jackson: `@JsonIgnore`).",
        )],
        references: &[
            "https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/",
        ],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::ExposedHash,
            "no stored hash is part of a response",
        );
        outcomes.extend(exposed_hashes(model));
        outcomes
    }),
};
