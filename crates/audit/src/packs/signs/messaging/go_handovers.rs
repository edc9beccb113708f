//! Go programs that pass work on: messages, errors that are only logged, objects of one request.

use super::{GO, Sign, review};
use crate::model::facts::Practice;

const PER_REQUEST: &str = "`{}…)` runs for each request, and no code ends what it starts";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LimiterFailure,
        GO,
        r"(?P<what>\w+, _ :?= (?:\w+\.)*\w*[lL]imit\w*\.(?:Take|Allow|Get|Peek|Increment|Check)\w*)\(",
        "",
        "`{}…)` drops the error of the limiter, so a failure allows every request",
    ),
    review(
        Practice::DroppedMessage,
        GO,
        r"(?P<what>\b(?:\w+\.)*\w*(?i:push|producer|publish|batch|queue|kafka|broker|nats|mq)\w*\.(?:Push|Publish|Produce|Send|Enqueue|WriteMessages|Add)\w*)\((?:[^;{}]|\{[^{}]*\})*?\)(?:; |\s*\n\s*if )err != nil \{\s*\n[^\n]*log\w*\.[^\n]*\n\s*\}\s*\n\s*return [^\n]*\bnil\b",
        r"(?i)retry|outbox|dead_?letter",
        "a failure of `{}` is only logged, and the caller gets a success",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"\bjson\.Marshal\([^\n]*\n\s*if (?P<what>err != nil) \{\s*\n[^\n]*log\w*\.(?:Error|Warn|Print|Info)\w*\([^\n]*\n\s*\}",
        "",
        "after `{}` the code continues with an empty value",
    ),
    review(
        Practice::Acknowledgement,
        GO,
        r"\bfunc \(\w+ \*?\w+\) (?:Consume|ConsumeClaim|Handle\w*|ProcessMessage)\([^\n]*\{\s*\n(?:[ \t][^\n]*\n|\n)*?[ \t]+(?P<what>[\w.\[\]%]+ <- \w+)\s*\n",
        r"MarkMessage|MarkOffset|CommitMessages",
        "the handler reports success after `{}`, before the work is done",
    ),
    review(
        Practice::DroppedMessage,
        GO,
        r"\bfor \{\s*\n(?:[ \t]+[^\n]*\n){0,6}?[^\n]*(?:<-\s?\w+|ReadMessage\(|FetchMessage\(|BLPop\(|BRPop\()[^\n]*\n(?:[ \t]+[^\n]*\n|\n){0,12}?\s*if err != nil \{\s*\n[^\n]*log\w*\.[^\n]*\n\s*(?P<what>return)\s*\n",
        r"ctx\.Err\(\)|ctx\.Done\(\)|Canceled|ErrClosed|io\.EOF",
        "`{}` after the first failure ends the loop, so no later message is read",
    ),
    review(
        Practice::ErrorResponse,
        GO,
        r"\.(?:Get|Find|First|Take)\w*\([^\n]*\n\s*if err != nil \{\s*\n\s*return [^\n]*\(\s*\n\s*(?P<what>codes\.NotFound)\b",
        r"errors\.Is\(|ErrNoRows|ErrRecordNotFound|ErrNotFound|ErrNoDocuments",
        "every failure of the store returns `{}`",
    ),
    review(
        Practice::SharedState,
        &[".go", ".java", ".kt"],
        r"(?P<what>\bsnowflake\.NewNode\(\s*\d+\s*\)|\bnew Snowflake\(\s*\d+\b|\bIdUtil\.(?:get|create)Snowflake\(\s*\d+\b)",
        "",
        "all replicas use the node of `{}`, so they create the same IDs",
    ),
    review(
        Practice::SharedState,
        GO,
        r"\bfunc (?:[gG]en|[gG]enerate|[nN]ew|[mM]ake)\w*(?:ID|Id|No|Number|SN|Sn)\([^\n]*\{\s*\n(?:[ \t][^\n]*\n){0,12}?[^\n]*(?P<what>\.Format\(\x2220060102150405|\bos\.Getpid\(\))",
        r"(?i)\buuid\.|snowflake|crypto/rand|ulid|\bxid\.",
        "an ID from `{}…)` is not unique, because replicas share the clock",
    ),
    review(
        Practice::Leak,
        GO,
        r"\bfunc New\w+Logic\(ctx context\.Context[^\n]*\{\s*\n(?:[ \t][^\n]*\n|\n)*?[^\n]*(?P<what>\bcollection\.NewCache\(|\bredis\.(?:New|MustNewRedis|NewClient)\(|\bzrpc\.MustNewClient\(|\bkq\.NewPusher\()",
        "",
        PER_REQUEST,
    ),
    review(
        Practice::Leak,
        GO,
        r"\bfunc New\w+Logic\(ctx context\.Context[^\n]*\{\s*\n(?:[ \t][^\n]*\n|\n)*?[ \t]+(?P<what>[\w.]+\.Start\()\)",
        r"\.(?:Stop|Close)\(",
        PER_REQUEST,
    ),
    review(
        Practice::Leak,
        GO,
        r"\bfunc (?:\([^)\n]*\) )?\w+\((?:c \*gin\.Context|c echo\.Context|w http\.ResponseWriter, r \*http\.Request|c \*fiber\.Ctx)\)[^\n]*\{\s*\n(?:[ \t][^\n]*\n|\n)*?[^\n]*(?P<what>\b(?:redis\.NewClient|sql\.Open|gorm\.Open|mongo\.Connect|kafka\.NewWriter|sarama\.New\w+|amqp\w*\.Dial)\()",
        r"\.Close\(|\.Disconnect\(",
        PER_REQUEST,
    ),
    review(
        Practice::RequestPanic,
        GO,
        r"\bfunc New\w+Logic\(ctx context\.Context[^\n]*\{\s*\n(?:[ \t][^\n]*\n|\n)*?[ \t]+(?P<what>panic)\(",
        "",
        "`{}` runs in the path of a request",
    ),
    review(
        Practice::ExitOutsideMain,
        GO,
        r"\bfunc New\w+\([^\n]*\) \*?[A-Z]\w* \{\s*\n(?:[ \t][^\n]*\n|\n)*?[ \t]+(?P<what>panic)\(",
        r"package main|func New\w+Logic\(",
        "`{}` in a constructor ends the process, without the cleanup of `main`",
    ),
    review(
        Practice::RequestContext,
        GO,
        r"(?P<what>\b(?:\w+\.)*(?:\w*(?:RPC|Rpc|Client|Repo|Repository|Service|Model|Store)\.\w+|Do)\(context\.Background\(\)),",
        r"context\.WithTimeout\(|func main\(|func init\(|func New",
        "`{}…)` ignores the deadline and the cancellation of its caller",
    ),
    review(
        Practice::SharedState,
        GO,
        r"(?P<what>\b\w+\.Exec(?:Ctx)?)\(func\([^)]*\bconn sqlx\.SqlConn\)[^{]*\{(?:[^{}]|\{[^{}]*\})*?\btx\.Exec",
        "",
        "`{}` deletes the cache entry before the transaction commits, so an old row is cached again",
    ),
    review(
        Practice::UncheckedLookup,
        GO,
        r"(?:RPC|Rpc|Client)\.Get\w*\((?:[^\n]*\n){1,60}?[^\n]*(?P<what>\b\w*(?:[rR]es|[rR]esp|[rR]eply|[rR]esponse)\.[A-Z]\w+\.[A-Z]\w+)\b",
        r"\.[A-Z]\w+ [!=]= nil",
        "`{}` panics if the response has no such message",
    ),
    review(
        Practice::UncheckedLookup,
        GO,
        r"\bcopier\.Copy\(&\w+, [^\n]*\n\s*(?P<what>\w+\.[A-Z]\w+\.[A-Z]\w+) = ",
        "",
        "`{}` panics if the copy has not set the message",
    ),
];
