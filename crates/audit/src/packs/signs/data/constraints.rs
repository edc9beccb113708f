//! Columns that identify an account, and that no constraint makes unique.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const REPEATED: &str = "no constraint of the database rejects a second record with the same `{}`";

const fn repeated(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    Sign {
        elsewhere: r"(?i)unique[^\n;]{0,80}\b(?:email|username)|\b(?:email|username)\b[^\n;]{0,80}unique",
        ..review(
            Practice::LookupBeforeInsert,
            files,
            pattern,
            unless,
            REPEATED,
        )
    }
}

const UNIQUE: &str = r"(?i)unique";

pub(super) const SIGNS: &[Sign] = &[
    repeated(
        PYTHON,
        r"(?m)^[ \t]+(?P<what>email|username)\b[^\n=]*=\s*(?:db\.|sa\.)?(?:Column|mapped_column)\(",
        UNIQUE,
    ),
    repeated(
        SCRIPT,
        r"@Column\([^)]*\)\s*(?:(?:public|readonly)\s+)?(?P<what>email|username)[!?]?\s*:",
        UNIQUE,
    ),
    repeated(
        SCRIPT,
        r"new (?:mongoose\.)?Schema\b[^;]*?\b(?P<what>email|username)\s*:\s*(?:\{|String)",
        r"(?i)unique|_id:\s*false",
    ),
    repeated(
        JVM,
        r"(?s)@Entity\b.*?private\s+String\s+(?P<what>email|username)\s*;",
        UNIQUE,
    ),
    repeated(
        GO,
        r"(?m)^\s*(?P<what>Email|Username)\s+string\s+`[^`\n]*\bgorm:",
        r"(?i)unique",
    ),
    repeated(
        GO,
        r"(?m)^\s*(?P<what>Email|Username)\s+string\s+`[^`\n]*json:[^\n]*\n(?:[^\n}]*\n){0,8}?\s*Password\w*\s+string\s+`[^`\n]*json:\x22-",
        r"(?i)unique",
    ),
    repeated(
        &[".sql"],
        r"(?i)create table[^;]*?\b(?P<what>email|username)\s+(?:varchar|text|citext|character varying)\b",
        UNIQUE,
    ),
    repeated(
        &[".prisma"],
        r"(?m)^\s+(?P<what>email|username)\s+String\b[^\n]*$",
        r"@unique|@@unique",
    ),
];
