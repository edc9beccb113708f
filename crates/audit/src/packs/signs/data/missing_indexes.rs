//! Columns with the ID of another record, without an index and without a constraint.

use super::{Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[Sign {
    elsewhere: r"(?i)create (?:unique )?index",
    ..review(
        Practice::MissingIndex,
        &[".sql"],
        r"(?i)\bcreate table (?:if not exists )?[\w.`\x22]+\s*\([^;]*?(?:\(|,|\n)\s*[`\x22]?(?P<what>(?:order|user|product|customer|account|cart|category|payment|parent|owner|event|booking|shop|store|invoice|wallet|post|article|course)_id)[`\x22]?\s+(?:char|varchar|uuid|int|bigint|integer|text|binary)",
        r"(?i)\breferences\b|foreign key|create (?:unique )?index|\b(?:key|index) [`\w\x22]+ ?\(|primary key\s*\([^)]*_id",
        "no index and no constraint belongs to the column `{}`",
    )
}];
