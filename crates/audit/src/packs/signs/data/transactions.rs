//! Transactions that a path leaves open, or that do not cover a read.

use super::{GO, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::Leak,
        SCRIPT,
        r"\bif\s*\(\s*!\s*\w+\s*\)\s*(?:\{\s*)?(?P<what>return)\b",
        r"\.startTransaction\(",
        r"isTransactionActive|finally\s*\{[^}]*rollback",
        "this `{}` neither commits nor rolls back the open transaction",
    ),
    inside(
        Practice::Leak,
        GO,
        r"(?:err != nil|== nil|!ok|!\w+) \{\s*\n\s*(?P<what>return)\b",
        r"(?:tx|trx), err :?= [^\n]*\.Begin\w*\([\s\S]*\n[\s\S]*\.Commit\(",
        r"\.Rollback\(|\bdefer\b|\.Transaction\(|rollback",
        "this `{}` neither commits nor rolls back the open transaction",
    ),
    inside(
        Practice::PartialWrite,
        SCRIPT,
        r"\bawait\s+(?P<what>this\.\w*[rR]epo\w*\.(?:find\w*|save|update|delete|insert|remove|count\w*))\(",
        r"\.startTransaction\(",
        r"getRepository\(|withRepository",
        "`{}` runs outside of the transaction of its function",
    ),
];
