//! Stock and balances: compared before another call changes them, reduced below zero, or taken
//! from one account without a way back.

use super::{GO, JVM, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const COMPARED: &str =
    "`{}` is compared before another call changes it, so parallel requests pass the check";
const BELOW: &str = "`{}` does not compare with the amount, so the value can fall below zero";
const ONE_SIDE: &str = "if `{}` fails, no code reverts the step before it";

const fn compared(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::SharedState, files, pattern, unless, COMPARED)
}

const fn one_side(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::PartialWrite,
        files,
        pattern,
        r"(?i)compensat|rollback|refund|revert|restore|transactional|dtmgrpc|dtmcli",
        ONE_SIDE,
    )
}

const SQL: &[&str] = &[
    ".go", ".ts", ".js", ".py", ".java", ".kt", ".rs", ".sql", ".cs", ".php", ".xml",
];

pub(super) const SIGNS: &[Sign] = &[
    compared(
        GO,
        r"(?:RPC|Rpc|rpc|Client|client|Repo|repo|Model|Store|store)\.(?:Get|Find|Query|Load)\w*\((?:[^\n]*\n){1,9}?\s*if (?P<what>\w+(?:\.\w+)*\.(?:Get)?(?:Stock|Balance|Inventory)(?:\(\))?) <=? [\w.()]+ \{",
        r"(?i)for update|clause\.Locking|\.Lock\(\)|serializable|redsync",
    ),
    compared(
        JVM,
        r"(?:[pP]ort|[rR]epository|[cC]lient|[sS]ervice|[dD]ao)\.(?:get|find|load)\w*\([^;]*;(?:[^;{}]*[;{}]){0,4}?[^;{}]*?\bif\s*\(\s*(?P<what>\w+\.(?:balance|stock|inventory|get(?:Balance|Stock|Inventory))\(\))\s*<",
        r"@Lock|PESSIMISTIC|OPTIMISTIC|@Version|(?i)for update|synchronized",
    ),
    compared(
        SCRIPT,
        r"await\s+[\w.]*(?i:repo|repository|service|client|model|dao)\.(?:get|find)\w*\([^;]*;(?:[^;{}]*[;{}]){0,4}?\s*if\s*\(\s*(?P<what>\w+\.(?:stock|balance|inventory))\s*<",
        r"(?i)\block|for update|\bversion\b|\$inc|decrement",
    ),
    review(
        Practice::SharedState,
        JVM,
        r"(?P<what>\.set(?:Balance|Stock|Quantity|Points|Inventory)\(\s*\w+\.get(?:Balance|Stock|Quantity|Points|Inventory)\(\)\s*[-+])",
        r"@Lock|PESSIMISTIC|OPTIMISTIC|@Version|(?i)for update|synchronized",
        "`{}` reads, changes and writes back, so a parallel change is lost",
    ),
    review(
        Practice::Ownership,
        GO,
        r"(?P<what>\.FindOne\w*\(\w+\.ctx, (?:in|req)\.(?:Get)?\w*I[dD](?:\(\))?\))[\s\S]*?\.(?:Update|Delete)\w*\(",
        r"(?i)uid|user_?id|owner|member_?id|account_?id|is_?admin",
        "`{}` finds a record of any user, and the next call changes it",
    ),
    review(
        Practice::SharedState,
        SQL,
        r"(?i)\bset\s+(?:stock|balance|quantity|inventory)\s*=\s*(?:stock|balance|quantity|inventory)\s*-\s*(?:\$\d|\?|:\w+|%\w+|@\w+|#\{\w+\})[^;\x22'`<>]{0,160}?(?P<what>\b(?:stock|balance|quantity|inventory)\s*>\s*0)",
        "",
        BELOW,
    ),
    one_side(
        JVM,
        r"(?:[pP]ort|[cC]lient|[gG]ateway)\.\w*(?:[dD]ecrease|[wW]ithdraw|[dD]ebit|[dD]educt)\w*\([^;]*\)\s*;\s*[^;{}]*?(?P<what>\b\w*(?:[pP]ort|[cC]lient|[gG]ateway)\.\w*(?:[iI]ncrease|[dD]eposit|[cC]redit)\w*)\(",
    ),
    one_side(
        SCRIPT,
        r"(?:[cC]lient|[gG]ateway|[sS]ervice)\.(?:decrease|withdraw|debit|deduct)\w*\([^;]*\)\s*;\s*[^;{}]*?(?P<what>\b\w*(?:[cC]lient|[gG]ateway|[sS]ervice)\.(?:increase|deposit|credit)\w*)\(",
    ),
    one_side(
        GO,
        r"(?:RPC|Rpc|Client)\.\w*(?:Stock|Decrease|Deduct|Debit|Withdraw)\w*\((?:[^\n]*\n){1,12}?[^\n]*(?P<what>\b\w+(?:\.\w+)*(?:RPC|Rpc|Client)\.(?:Submit|Create|Place|Increase|Credit|Deposit)\w*)\(",
    ),
];
