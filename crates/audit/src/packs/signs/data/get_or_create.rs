//! Records that a function creates if it does not find them, so parallel requests create two.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const TWICE: &str =
    "`{}` runs if no record was found, so two parallel requests create two records or one fails";

const fn twice(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::LookupBeforeInsert, files, pattern, unless, TWICE)
}

pub(super) const SIGNS: &[Sign] = &[
    twice(
        PYTHON,
        r"(?m)^[ \t]+\w+\s*=\s*(?:await\s+)?[\w.]+\.(?:get|find|first|one_or_none|scalar\w*|fetch)\w*\([^\n]*\)\s*\n[ \t]*(?:\n[ \t]*)?if (?:not \w+|\w+ is None)\s*:\s*\n[ \t]+\w+\s*=\s*(?P<what>(?:await\s+)?[\w.]*(?i:repo\w*|service|dao|crud|objects|collection)\.(?:create|add|insert|save)\w*)\(",
        r"IntegrityError|on_conflict|get_or_create|UniqueViolation|DuplicateKey|\block\b",
    ),
    // A look-up by a statement rejects the record before the insert.
    inside(
        Practice::LookupBeforeInsert,
        PYTHON,
        r"\bselect\([^\n]*\n(?:[^\n]*\n){0,3}?[ \t]+if (?P<what>\w+(?:\.\w+\(\))*)(?: is not None)?\s*:\s*\n[ \t]+raise [^\n]*(?i:already|exists|taken|duplicate|conflict)[^\n]*\n[\s\S]{0,900}?\.(?:add|create\w*|insert\w*|save)\(",
        ONE_FUNCTION,
        r"IntegrityError|on_conflict|UniqueViolation|\block\b|with_for_update",
        "`{}` rejects a record that exists, and parallel requests both pass the check",
    ),
    twice(
        SCRIPT,
        r"(?:const|let|var)?\s*\w+\s*=\s*await\s+[\w.]+\.(?:find|get)\w*\([^;]{0,200}?\)\s*;?\s*\n\s*if\s*\(\s*(?:!\s*\w+|\w+\s*={2,3}\s*(?:null|undefined))\s*\)\s*\{?\s*\w+\s*=\s*(?P<what>(?:await\s+)?(?:new\s+[A-Z]\w*|[\w.]*(?i:repo\w*|model|service|prisma\.\w+|[A-Z]\w+)\.(?:create|save|insert|add)\w*))\(",
        r"upsert|ON CONFLICT|orIgnore|11000|P2002|ER_DUP|23505|\block\b|UniqueConstraint",
    ),
    twice(
        GO,
        r"errors\.Is\(\w+, (?:gorm\.ErrRecordNotFound|sql\.ErrNoRows|mongo\.ErrNoDocuments|pgx\.ErrNoRows|redis\.Nil)\)\s*\{\s*\n(?:[^\n{}]*\n){0,5}?[^\n]*(?P<what>\b\w+(?:\.\w+)*\.(?:Create|Insert|Save|Add)\w*)\(",
        r"(?i)on conflict|OnConflict|FirstOrCreate|duplicate|23505|1062|unique",
    ),
    twice(
        JVM,
        r"\.(?:orElseGet\(\s*\(\)\s*->|\?:\s*(?:run\s*\{)?)\s*\{?\s*(?:return\s+)?(?P<what>\w*(?i:repo\w*|dao)\.(?:save|saveAndFlush|insert)|(?:create|save|insert)[A-Z]\w*)\(",
        r"DataIntegrityViolation|DuplicateKey|ON CONFLICT|@Lock|PESSIMISTIC",
    ),
];
