use super::{REQUIREMENTS, requirement};
use crate::rule::rules;

#[test]
fn every_rule_belongs_to_a_requirement_of_the_checklist() {
    for rule in rules() {
        assert!(
            requirement(rule.metadata.requirement()).is_some(),
            "{}: add the requirement to report/requirement.rs",
            rule.metadata.id
        );
    }
}

#[test]
fn catalogue_contains_every_requirement() {
    let catalogue = include_str!("../../../../../docs/catalogue.md");
    for requirement in REQUIREMENTS {
        assert!(
            catalogue.contains(&format!("| {} |", requirement.id)),
            "{} is not in docs/catalogue.md",
            requirement.id
        );
    }
}
