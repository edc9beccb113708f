//! Races: values that are read, changed and written back, queues that are emptied in two steps,
//! clients that requests share, and changes without their message.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

/// Files that execute the operations of requests.
const WORK: &[&str] = &[
    "service.ts",
    "service.js",
    "services.ts",
    "services.js",
    "usecase.ts",
    "use-case.ts",
    "controller.ts",
    "controller.js",
    "service.java",
    "service.kt",
    "serviceimpl.java",
    "service.cs",
    "service.go",
    "usecase.go",
    "uc.go",
    "logic.go",
    "biz.go",
    "handler.go",
    "service.py",
    "services.py",
    "_service.rs",
    "service.rs",
];
const LOST: &str = "`{}` is read, changed and written back, so a parallel change is lost";
const TWO_STEPS: &str =
    "entries are read and then removed by `{}`, so two replicas may take the same entry";
const BOTH: &str = "`{}` and the next change are not atomic";

const fn lost(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::SharedState, files, pattern, unless, LOST)
}

pub(super) const SIGNS: &[Sign] = &[
    lost(
        GO,
        r"(?P<what>\b[a-z]\w*\.(?:Stock|Quantity|Balance\w*|Inventory|Points|Credits|Remaining|Available)\s*(?:-=|\+=|--|\+\+)|\b(?:Stock|Quantity|Balance\w*|Inventory|Points|Credits):\s*\w+\.(?:Get)?(?:Stock|Quantity|Balance\w*|Inventory|Points|Credits)(?:\(\))?\s*[-+])",
        r"(?i)for update|clause\.Locking|gorm\.Expr|\.Lock\(\)|version|serializable|redsync",
    ),
    lost(
        SCRIPT,
        r"(?P<what>\b\w+\.(?:stock|quantity|balance|inventory|points|credits|remaining\w*|available\w*)\s*(?:-=|\+=|=\s*[\w.]*\.(?:stock|quantity|balance|inventory|points|credits)\s*[-+]))[\s\S]{0,600}?\.(?:save|update)\(",
        r"(?i)\block\b|pessimistic|optimistic|FOR UPDATE|increment|decrement|version",
    ),
    lost(
        JVM,
        r"(?P<what>\.get\w*(?:Quantity|Stock|Balance|Inventory|Points)\(\)\s*[-+]\s)[\s\S]{0,600}?(?:\.set\w+\(|\.save\()",
        r"@Version|@Lock|PESSIMISTIC|OPTIMISTIC|(?i)for update|synchronized",
    ),
    lost(
        &[".rs"],
        r"(?P<what>\b\w+\.(?:balance|stock|quantity|inventory|points|credits)\w*\s*[-+]=)",
        r"(?i)for update|\.lock\(|version|serializable",
    ),
    lost(
        PYTHON,
        r"(?P<what>\b\w+\.(?:balance|stock|quantity|inventory|points|credits)\s*[-+]=)[\s\S]{0,400}?(?:\.save\(|\.commit\(|\.add\()",
        r"select_for_update|with_for_update|\bF\(|version",
    ),
    review(
        Practice::LookupBeforeInsert,
        SCRIPT,
        r"(?:findOne|findFirst|findAll)\([\s\S]{0,300}?(?i:desc)[\s\S]{0,300}?(?P<what>\b\w+\s*=\s*(?:\w+|parseInt\([^)\n]*\))\s*\+\s*1)\b",
        r"(?i)sequence\.next|autoincrement|nextval|transaction\.lock",
        "`{}` increments the last number, so parallel requests can get the same number",
    ),
    review(
        Practice::LookupBeforeInsert,
        &[
            ".go", ".ts", ".js", ".py", ".java", ".kt", ".rs", ".sql", ".cs",
        ],
        r"(?i)(?P<what>select\s+(?:coalesce\(\s*)?max\(\s*\w+\s*\)(?:\s*,\s*0\s*\))?\s*\+\s*1)",
        r"(?i)\bsetval\(",
        "`{}` increments the last number, so parallel requests can get the same number",
    ),
    review(
        Practice::SharedState,
        SCRIPT,
        r"(?P<what>\b(?:this\.)?\w+\.defaults\.headers(?:\.\w+)?\[[^\]\n]+\])\s*=\s*[a-z`]",
        "",
        "`{}` belongs to one client, so a parallel request sends the header of another caller",
    ),
    review(
        Practice::DestructivePop,
        GO,
        r"\.(?:ZRangeByScore|ZRange|LRange|SMembers)\((?:[^\n]*\n){1,20}?[^\n]*(?P<what>\.(?:ZRem|ZRemRangeByScore|LTrim|LRem|SRem))\(",
        r"NewScript|\.Eval\(|TxPipelined|ZPopMin|LMove|SetNX",
        "`{}` removes entries before the work on them is done, so a failure loses them",
    ),
    review(
        Practice::SharedState,
        GO,
        r"(?P<what>\.(?:ZRangeByScore|ZRange|LRange|SMembers))\((?:[^\n]*\n){1,20}?[^\n]*\.(?:ZRem|ZRemRangeByScore|LTrim|LRem|SRem)\(",
        r"NewScript|\.Eval\(|TxPipelined|ZPopMin|LMove|SetNX",
        TWO_STEPS,
    ),
    review(
        Practice::DestructivePop,
        SCRIPT,
        r"(?i)\.(?:zrangebyscore|zrange|lrange|smembers)\((?:[^\n]*\n){1,20}?[^\n]*(?P<what>\.(?:zrem|zremrangebyscore|ltrim|lrem|srem))\(",
        r"(?i)\.eval\(|\.multi\(|zpopmin|lmove|defineCommand",
        "`{}` removes entries before the work on them is done, so a failure loses them",
    ),
    review(
        Practice::DualWrite,
        GO,
        r"(?m)^[ \t]*(?:if )?(?:\w+, )?err :?=\s*(?P<what>(?:\w+\.)+(?:Send|Publish|Produce|Enqueue|Charge|Push|Notify|Emit|AddDelayed)\w*)\((?:ctx|c|r\.Context\(\))[^\n]*\n(?:[^\n]*\n){1,14}?[^\n]*\.(?:Save|Create|Insert|Store|Update)\w*\((?:ctx|c|r\.Context\(\))",
        r"(?i)outbox",
        BOTH,
    ),
    review(
        Practice::DualWrite,
        SCRIPT,
        r"await\s+(?P<what>(?:this\.)?\w*(?i:client|producer|publisher|mailer|gateway|stripe|payment)\w*(?:\.\w+)*\.(?:post|send\w*|publish\w*|emit|charge\w*|create))\([^;]*\);[\s\S]{0,300}?await\s+(?:this\.)?\w*(?i:repo|model|store|prisma)\w*(?:\.\w+)*\.(?:update\w*|save|create|insert\w*)\(",
        r"(?i)outbox|idempot",
        BOTH,
    ),
    review(
        Practice::DualWrite,
        JVM,
        r"\b\w*[rR]epository\.save(?:All)?\([^;]*;[\s\S]{0,500}?(?P<what>\b(?:this\.)?\w*(?i:producer|publisher|template|notifier|streamBridge)\w*\.(?:send|publish|convertAndSend|emit)\w*)\(",
        r"(?i)outbox|@TransactionalEventListener",
        "`{}` and the previous change are not atomic",
    ),
    review(
        Practice::Idempotency,
        WORK,
        r"(?m)^[ \t]*(?:(?:pub(?:lic)? )?(?:async )?(?:fn |def |func (?:\([^)\n]*\) )?)?|public\s+[\w<>, ]+\s|(?:public|private) async )(?P<what>(?i:(?:create|process|make|place|charge|submit)_?(?:payment|charge|transfer|order|checkout)|transfer|checkout|refund_?payment|createRefund))\s*\([^;\n]*(?:\n[^;]*?)?\{",
        r"(?i)idempot|request_?id|on conflict|dedup|already (?:paid|processed)",
        "no idempotency key exists, so a client that retries runs `{}` twice",
    ),
    review(
        Practice::PartialWrite,
        SCRIPT,
        r"\{ transaction \}[\s\S]{0,600}?(?P<what>return this\.find\w*\(\s*[\w.]+\s*\))",
        "",
        "`{}` reads outside of the transaction, so it does not see the change",
    ),
];
