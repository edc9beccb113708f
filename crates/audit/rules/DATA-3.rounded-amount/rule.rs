//! Money is stored in a type that rounds.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-3.rounded-amount",
        title: "Money is stored in a type that rounds",
        severity: Severity::Low,
        category: Category::Data,
        meaning: "A column, a field of an entity or a field of a message with the name of an amount has a binary floating-point type: SQL, Prisma, TypeORM, gorm, JPA, SQLAlchemy, protobuf. The finding has low confidence, because the value may be no money. The rule reports one per file.",
        why: "0.1 + 0.2 is not 0.3. Sums differ from their items, and comparisons of totals fail.",
        fix: &[(
            "any",
            "Store money as an integer of the smallest unit, or as `NUMERIC` or `DECIMAL` with a scale.",
        )],
        references: &["https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_money"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::MoneyType, "amounts are stored exactly")
    }),
};
