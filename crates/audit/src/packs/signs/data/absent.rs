//! Look-ups whose failure counts as "not found", and calls whose order leaves half of the work.

use super::{GO, JVM, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const ABSENT: &str = "every error of `{}` counts as absent";
const HALF: &str = "`{}` and the changes around it are not atomic, and no code undoes the first";
const SAGA: &str = r"(?i)outbox|saga|compensat|\bdtm\b|rollback|barrier|refund\w*\(";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::IgnoredError,
        GO,
        r"(?P<what>\.(?:FindOne\w*|FindBy\w+|Get\w*By\w+))\([^\n]*\)\s*\n\s*if [^\n]*err == nil[^\n]*\{\s*\n\s*return ",
        r"ErrNotFound|ErrNoRows|errors\.Is|RecordNotFound",
        ABSENT,
    ),
    review(
        Practice::LookupBeforeInsert,
        GO,
        r"(?P<what>\.(?:FindOne\w*|FindBy\w+|Get\w*By\w+))\([^\n]*\)\s*\n\s*if [^\n]*err == nil[^\n]*\{\s*\n\s*return [^\n]*(?:\n[^\n]*){1,25}?\.(?:Insert|Create|Save)\w*\(",
        r"1062|23505|(?i)duplicate|for update",
        "`{}` decides whether an insert may follow, so parallel requests both insert",
    ),
    review(
        Practice::IgnoredError,
        &[".rs"],
        r"if let Ok\(\w+\) = (?P<what>[\w:.]*(?:repo|store|db)\w*(?:::|\.)(?:get|find|fetch)\w*)\([^\n]*\)\s*\.await \{",
        "",
        ABSENT,
    ),
    review(
        Practice::IgnoredError,
        &[".rs"],
        r"(?P<what>\.map_err\(\s*\|_\w*\|\s*\w+(?:::\w+)*::(?:NotFound|WrongCredentials|InvalidCredentials|Unauthorized)\b)",
        "",
        "`{}` reports every error as a mistake of the caller",
    ),
    review(
        Practice::DualWrite,
        JVM,
        r"(?P<what>\b\w*[cC]lient\.(?:purchase|create|request|charge|reserve|update|pay|send|register|deduct|increase|decrease)\w*)\([^;]*;[\s\S]{0,600}?\b(?:\w*[rR]epository|\w*[pP]ort)\.(?:save|create|update|insert)\w*\(",
        SAGA,
        HALF,
    ),
    review(
        Practice::DualWrite,
        GO,
        r"Model\.(?:Insert|Update|Delete|Trans)\w*\((?:[^\n]*\n){1,30}?[^\n]*(?P<what>\b\w*(?:Rpc|RPC|Client)\.(?:Update|Create|Decr|Incr|Deduct|Delete|Paid|Pay|Set|Add)\w*)\(",
        SAGA,
        HALF,
    ),
    review(
        Practice::DualWrite,
        SCRIPT,
        r"await\s+(?P<what>(?:this\.)?\w*(?i:processor|gateway|payment|provider)\w*\.(?:refund|capture|charge|pay|process\w*|transfer)\w*)\([^;]*;[\s\S]{0,400}?await\s+(?:this\.)?\w*(?i:repo|model|store|prisma)\w*(?:\.\w+)*\.(?:update\w*|save|create|insert\w*)\(",
        r"(?i)outbox|idempot",
        HALF,
    ),
    review(
        Practice::Cleanup,
        &["main.go"],
        r"\n\tdefer [^\n]*(?:Close|Shutdown|Stop|Sync|Flush)\w*\([\s\S]*?\n\t+(?P<what>\w*(?i:log)\w*\.Fatal\w*)\(",
        "",
        "`{}` ends the program without the deferred calls",
    ),
    review(
        Practice::Blocking,
        SCRIPT,
        r"(?P<what>\b(?:bcrypt\w*|crypto)\.(?:hashSync|compareSync|genSaltSync|pbkdf2Sync|scryptSync))\(",
        r"(?i)seed",
        "`{}` computes a slow hash on the event loop, so all requests wait",
    ),
    review(
        Practice::QueryToken,
        SCRIPT,
        r"\b(?:qs|params)\s*:\s*\{[^{}]*(?P<what>\bpassword)\b|\?(?:[\w=&${}.]*&)?(?P<address>password=)\$\{",
        "",
        "the URL of a request contains a password",
    ),
    review(
        Practice::OutboundTimeout,
        SCRIPT,
        r"(?P<what>\b(?:requestPromise|rp))\(\s*(?:[`'\x22]|\{)",
        "timeout",
        "no timeout bounds the call `{}`",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"(?P<what>\$regex:\s*(?:new RegExp\(\s*)?\w+\.\w+)",
        r"(?i)escape_?reg",
        "the text of a caller is a pattern (`{}`)",
    ),
    review(
        Practice::InternalError,
        &[".ts"],
        r"\bExceptionFilter\b[\s\S]*?(?P<what>\b(?:message|stack)\s*[:=]\s*\(?(?:exception|error|err)(?: as \w+\))?\.(?:message|stack))",
        "",
        "the response contains the text of every exception (`{}`)",
    ),
    review(
        Practice::OpenRoute,
        &[
            "user.routes.js",
            "users.routes.js",
            "user.routes.ts",
            "users.routes.ts",
            "order.routes.js",
            "orders.routes.js",
            "order.routes.ts",
            "orders.routes.ts",
            "payment.routes.js",
            "payments.routes.js",
            "payment.routes.ts",
            "payments.routes.ts",
            "account.routes.js",
            "accounts.routes.js",
        ],
        r"(?P<what>\brouter\.(?:get|post|put|patch|delete)\(\s*['\x22`]/[^'\x22`\n]*['\x22`])",
        r"(?i)authenticat|authori[sz]|\bauth\w*\(|\bauth\b|protect|jwt|passport|verify_?token|require_?user|guard",
        "no guard protects `{})`",
    ),
    review(
        Practice::OpenStore,
        &[".yml", ".yaml"],
        r"(?m)^\s*- Host:\s*\S+\s*\n\s*Type:[^\n]*\n\s*(?P<what>Pass):[ \t]*(?:\x22\x22|'')?[ \t]*$",
        "",
        "the service connects to Redis without a password (`{}`)",
    ),
];
