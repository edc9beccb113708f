//! Queries whose result decides about a later change, and numbers that come from a count.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const DECIDES: &str = "`{}` decides about a later change, so two parallel requests both pass";
const COUNTED: &str = "`{}` gives two parallel requests the same number";
const BOTH: &str = "`{}` is awaited before the variable is set, so two parallel calls both run it";
/// Code that keeps parallel requests apart.
const APART: &str = r"(?i)\bfor update|for_update|\block\w*\(|Lock\(|serializable|on conflict|setnx|atomic|pessimistic|transaction|\btx\b|unique|23505|duplicate|sequence|nextval";

const fn decides(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(
        Practice::SharedState,
        files,
        pattern,
        ONE_FUNCTION,
        APART,
        DECIDES,
    )
}

const fn counted(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(
        Practice::SharedState,
        files,
        pattern,
        ONE_FUNCTION,
        APART,
        COUNTED,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    decides(
        GO,
        r"(?m)^\s*\w+, err :?= (?P<what>\w+(?:\.\w+)*\.(?:(?:Is|Has|Count|Exists|Check)\w*|\w+(?:Used|Exists|Taken|Redeemed|Processed|Available|Booked)))\([^\n]*\n(?:[^\n]*\n){0,6}?\s*if !?\w+(?: [<>=!]+ \w+)? \{\s*\n(?:[^\n]*\n){0,4}?\s*return [^\n]*\n(?:[^\n]*\n){1,14}?[^\n]*\.(?:Mark|Add|Create|Save|Update|Set|Insert|Use|Redeem|Book|Decrement)\w*\(",
    ),
    decides(
        SCRIPT,
        r"(?m)^\s*(?:const|let)\s+\w+\s*=\s*await\s+(?P<what>(?:this\.)?\w+(?:\.\w+)*\.?(?:(?:is|has|count|exists|check)[A-Z]?\w*|\w+(?:Used|Exists|Taken|Redeemed|Processed|Available|Booked)))\([^;]*;\s*\n\s*if\s*\(!?\w+[^\n]*\)[^\n]*(?:throw|return|\{)[^\n]*\n(?:[^\n]*\n){0,14}?[^\n]*\.(?:mark|add|create|save|update|set|insert|use|redeem|book|decrement)\w*\(",
    ),
    decides(
        JVM,
        r"\bif\s*\(\s*!?(?P<what>\w+\.(?:(?:is|has|exists|count)\w*(?:Used|Taken|Redeemed|Processed|Available|Booked|By\w+)))\([^\n]*\{\s*\n(?:[^\n]*\n){0,3}?\s*(?:throw|return)[^\n]*\n(?:[^\n]*\n){1,14}?[^\n]*\.(?:mark|save|update|redeem|book|decrement)\w*\(",
    ),
    counted(
        PYTHON,
        r"(?P<what>\.count\(\)\s*\+\s*1|func\.max\([^\n]*\)[^\n]*\+\s*1|len\([^()\n]*\.objects\.\w+\([^\n]*\)\)\s*\+\s*1)",
    ),
    counted(
        SCRIPT,
        r"(?P<what>await\s+[\w.]+\.(?:count|countDocuments|estimatedDocumentCount)\([^\n;]*\)\)?\s*\+\s*1)|const (?P<other>\w*(?i:count|last|max)\w*)\s*=\s*await[^;]*\.(?:count\w*|findOne|aggregate|max)\([^;]*;\s*\n(?:[^\n]*\n){0,4}?[^\n]*(?i:number|no|code|sku|ref|seq)\w*\s*[:=][^\n]*(?i:count|last|max)\w*(?:\.\w+)*\)?\s*\+\s*1",
    ),
    counted(
        GO,
        r#"(?P<what>SELECT (?:COALESCE\()?(?:MAX|COUNT)\([^)"`\n]*\)[^"`\n]*)["`][^\n]*\n(?:[^\n]*\n){0,8}?[^\n]*(?:\+ ?1|\+\+)"#,
    ),
    counted(
        JVM,
        r"(?P<what>\b\w*(?:[rR]epository|Repo|Dao)\.(?:count\w*|findMax\w*|findTopBy\w*)\([^\n;]*\)\s*\+\s*1)",
    ),
    inside(
        Practice::SharedState,
        SCRIPT,
        r"if\s*\(\s*!(?:this\.)?\w*(?i:conn|channel|client|producer|pool|instance|db|token)\w*\s*\)\s*\{?\s*\n(?:[^\n{}]*\n){0,2}?[^\n]*=\s*await\s+(?P<what>[\w.]+)\(",
        ONE_FUNCTION,
        r"(?i)promise|mutex|\block",
        BOTH,
    ),
];
