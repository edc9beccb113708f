//! Shapes of requests and answers: fields that a caller sets, and failures that look like success.

use super::{GO, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

/// Words of code that validates a body.
const VALID: &str = r"(?i)joi|\bzod|validat|schema|celebrate|ajv|yup|isNaN|\b(?:price|amount|quantity)\s*<=?\s*[01]";
const SUCCESS: &str = "a failure is answered as a success (`{}`)";
const SPACE: &str =
    "`{}` is compared before a record is created, so parallel requests pass the check";
const SAFE: &str = r"(?i)for update|pessimistic|\block\b|clause\.Locking|serializable|redlock|redsync|advisory|\$inc|findOneAndUpdate|updateMany|where[^;\n]*(?:>=|gte?)";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::NumberRange,
        SCRIPT,
        r"\{[^{}]*?(?P<what>\b(?:price|amount|total\w*|quantity))\b[^{}]*\}\s*=\s*(?:req|request|ctx\.request)\.body",
        VALID,
        "`{}` comes from the body without a check of its range",
    ),
    review(
        Practice::MassAssignment,
        SCRIPT,
        r"(?:const|let)\s+\w+\s*=\s*req(?:uest)?\.body\s*;?\s*\n\s*(?:(?:const|let)\s+\w+\s*=\s*)?await\s+(?P<what>[\w.]+\.(?:create|update|save|insert|add)\w*)\(",
        VALID,
        "`{}` stores every field of the body",
    ),
    review(
        Practice::UncheckedValue,
        SCRIPT,
        r"\b(?:const|let)\s+\w*[iI]d\s*=\s*(?P<what>req\.params)\s*;",
        "",
        "`{}` is the object of all parameters, and not the ID",
    ),
    inside(
        Practice::InternalError,
        SCRIPT,
        r"\bmessage\s*:\s*(?P<what>(?:err|error|e|exception)\.message)\b",
        r"\(\s*_?(?:err|error|e)\w*\s*(?::\s*\w+)?\s*,\s*_?req\w*\s*(?::\s*\w+)?\s*,\s*_?res\w*\s*(?::\s*\w+)?\s*,\s*_?next\w*",
        r"isOperational|statusCode\s*(?:===|>=|<)\s*\d|status\s*(?:>=|<)\s*500|instanceof",
        "the answer of every failure contains `{}`",
    ),
    review(
        Practice::PersonLogged,
        SCRIPT,
        r"\b(?:console|\w*[lL]ogger|log)\.(?:log|info|warn|error|debug)\(\s*\n\s*`[^`]*\$\{(?P<what>(?:\w+\.)*\w*(?:[eE]mail|[pP]honeNumber|[pP]hone))\}",
        "(?i)mask|redact",
        "a log record contains `{}` of a person",
    ),
    review(
        Practice::ErrorResponse,
        GO,
        r"(?P<what>\bSuccess:\s*false\b)[^\n]*\}, nil\b",
        "",
        SUCCESS,
    ),
    review(
        Practice::ErrorResponse,
        GO,
        r#"(?P<what>JSON\(\s*(?:http\.StatusOK|200)\s*,\s*(?:gin\.H|map\[string\](?:any|interface\{\}|string)|echo\.Map|fiber\.Map)\{\s*"(?:error|err)")"#,
        "",
        SUCCESS,
    ),
    review(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?P<what>\bres\.(?:json|send)\(\s*\{\s*(?:success\s*:\s*false|error\s*:))",
        "",
        SUCCESS,
    ),
    review(
        Practice::UncheckedValue,
        GO,
        r"(?P<what>\b\w+(?:\.\w+)+)\(nil,\s*&\w*pb\w*\.",
        "",
        "`{}` gets nil instead of a context, which panics in interceptors",
    ),
    review(
        Practice::RequestContext,
        GO,
        r"\bfunc\((?P<what>context\.Context)\)\s*(?:\([^)\n]*\)|\w+)?\s*\{",
        "",
        "the function ignores the context that its caller passes",
    )
    .guess(),
    Sign {
        elsewhere: r"(?i)\brecovery\b|panic_?handler",
        ..review(
            Practice::RequestPanic,
            GO,
            r"(?P<what>\bgrpc\.NewServer)\(",
            r"(?i)recover",
            "no interceptor of `{}` recovers, so one panic ends the process",
        )
    },
    review(
        Practice::SharedState,
        SCRIPT,
        r"\bif\s*\(\s*(?P<what>[\w.]+\.(?:seats?|capacity|available\w*|remaining\w*|slots?|spots?|tickets\w*|participants\.length|attendees\.length|maxParticipants))\s*(?:<=?|>=?|===?)[^{}]*\)\s*\{?[^{}]*?\b(?:throw|return)\b[\s\S]{0,900}?\.(?:create|save|insert|confirm|book|reserve|push|publish)\w*\(",
        SAFE,
        SPACE,
    ),
    review(
        Practice::SharedState,
        GO,
        r"\bif [^\n]*?(?P<what>\b\w+(?:\.\w+)*\.(?:Seats?|Capacity|Available\w*|Remaining\w*|Slots?|Spots?|Tickets\w*|Participants\w*|Max\w*Participants)(?:\(\))?)[^\n]*\{\s*\n(?:[^\n]*\n){0,3}?[^\n]*\breturn\b(?:[^\n]*\n){1,30}?[^\n]*\.(?:Create|Save|Insert|Book|Reserve|Add|Join)\w*\(",
        SAFE,
        SPACE,
    ),
    review(
        Practice::SharedState,
        GO,
        r"(?P<what>\b\w+(?:\.\w+)*\.Count\w*)\([^\n]*\n(?:[^\n]*\n){0,8}?\s*if [^\n]*[cC]ount\w* >=? [^\n]*\{(?:[^\n]*\n){1,25}?[^\n]*\.(?:Create|Insert|Save|Add|Join)\w*\(",
        SAFE,
        SPACE,
    ),
    review(
        Practice::SharedState,
        SCRIPT,
        r"await\s+(?P<what>[\w.]+\.count\w*)\([^;]*;[\s\S]{0,300}?if\s*\([^)]*>=[^)]*\)[\s\S]{0,600}?\.(?:create|save|insert)\w*\(",
        SAFE,
        SPACE,
    ),
    review(
        Practice::SharedState,
        SCRIPT,
        r"(?P<what>\b\w+\s*:\s*\{\s*decrement\s*:)",
        r"\b(?:gte?)\s*:",
        "`{}` has no lower bound, so the value can fall below zero",
    ),
    inside(
        Practice::SharedState,
        &[".go", ".ts", ".js", ".py", ".java", ".rs"],
        r#"(?i)(?P<what>\bset\s+(?:available_?)?(?:stock|seats?|quantity|balance|capacity|tickets?|slots?|spots?|inventory|remaining)\w*)\s*=\s*\w+\s*-\s*[$?:%@#\w]"#,
        ".",
        r"(?i)>=|>\s*0|for update|check\s*\(",
        "`{}` has no lower bound, so the value can fall below zero",
    ),
    inside(
        Practice::PoolBounds,
        SCRIPT,
        r"await (?P<what>\w*[pP]roducer\.connect)\(\)",
        r"\.send\([\s\S]*\.disconnect\(",
        "",
        "`{}` opens a connection for each message",
    ),
    inside(
        Practice::PoolBounds,
        GO,
        r"(?P<what>\bamqp\w*\.Dial|\bkafka\.NewWriter|&kafka\.Writer\{|\bredis\.NewClient|\bsql\.Open|\bsmtp\.Dial)",
        r"(?:defer|_ =) \w+\.Close\(\)[\s\S]*\.(?:Publish\w*|WriteMessages|Set|Exec\w*|Query\w*)\(",
        r"func main\(|func init\(",
        "`{}` opens a connection for each call",
    ),
    inside(
        Practice::PoolBounds,
        SCRIPT,
        r"await (?P<what>amqp\w*\.connect)\(",
        r"\.(?:sendToQueue|publish)\(",
        r"this\.(?:connection|channel)\s*=|consume\(",
        "`{}` opens a connection for each message",
    ),
    review(
        Practice::LazyStart,
        GO,
        r"\bgo func\(\) \{\s*\n\s*(?P<what>time\.Sleep)\(",
        "",
        "`{}` replaces a wait until the dependency is ready",
    ),
    inside(
        Practice::AccountEnumeration,
        GO,
        r#"errors\.New\("(?P<what>(?i:user|account|e-?mail|username)[ _](?i:not[ _]found|does[ _]not[ _]exist|not[ _]registered|unknown))"#,
        r"CompareHashAndPassword|(?i:verify|check|compare)Password",
        "",
        "a login answers `{}`, which reveals the accounts that exist",
    ),
    // The hook runs for every change, so a changed name hashes the hash again.
    inside(
        Practice::PlainPassword,
        GO,
        r"func \([^)]*\) (?P<what>BeforeSave|BeforeUpdate)\(",
        r"GenerateFromPassword|[hH]ashPassword",
        r"\.Changed\(|IsHashed|HasPrefix|Cost\(",
        "`{}` hashes the password at every change, also a hash",
    ),
    inside(
        Practice::PlainPassword,
        SCRIPT,
        r"(?P<what>\.pre\(\s*['\x22]save['\x22]|@BeforeUpdate\(\))",
        r"\.hash\(|hashSync|hashPassword",
        r"isModified|changed\(|startsWith\(|isHashed|tempPassword|loadedPassword",
        "`{}` hashes the password at every change, also a hash",
    ),
    // A publisher without a connection that reports success.
    review(
        Practice::DroppedMessage,
        GO,
        r"\bif (?P<what>\w+(?:\.\w+)*\.(?:publisher|producer|channel|ch|conn|client|mq|broker|events|bus|writer)) == nil \{\s*\n(?:[^\n]*(?i:log|print)[^\n]*\n)?\s*return(?: nil)?\s*\n",
        "",
        "without `{}` the message is dropped, and the caller sees success",
    ),
    review(
        Practice::DroppedMessage,
        SCRIPT,
        r"\bif\s*\(\s*!\s*(?P<what>this\.\w*(?i:channel|connection|producer|publisher|client|transporter))\s*\)\s*\{?\s*(?:[\w.]*(?i:log|console|warn)[^;{}]*;\s*)?return\s*;",
        "",
        "without `{}` the message is dropped, and the caller sees success",
    ),
    review(
        Practice::SilentNull,
        &[".go", ".ts", ".js"],
        r"\bif\s*\(?\s*(?P<what>(?:cfg|conf|config|c)\.(?:\w+\.)*\w*(?i:amqp|rabbit|kafka|redis|broker|smtp|nats)\w*|process\.env\.\w*(?:RABBIT|AMQP|KAFKA|REDIS|SMTP|NATS|BROKER)\w*)\s*(?:!= \x22\x22 |!==\s*undefined\s*)?\)?\s*\{",
        "",
        "without `{}` the feature is off, and the start succeeds",
    ),
    inside(
        Practice::DroppedMessage,
        GO,
        r"if err != nil \{\s*\n(?:[^\n]*(?i:log|print)[^\n]*\n)?\s*(?P<what>continue)\b",
        r"\b(?:ReadMessage|FetchMessage)\(|amqp\.Delivery|range \w*(?i:msgs|messages|deliveries)\b",
        r"(?i)nack|reject|dead|dlq|retry",
        "the consumer skips a message that failed",
    ),
];
