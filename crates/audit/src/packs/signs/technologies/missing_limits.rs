//! Missing defaults, timeouts and limits, endless loops, and identities that the caller chooses.

use super::{GO, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const NO_NUMBER: &str =
    "`{}` is not a number if the variable is missing, and each comparison with it is false";
const NO_TIMEOUT: &str = "`{}` waits without a timeout for the mail server";
const CHOSEN: &str = "`{}` comes from the caller, and no code compares it with the signed-in user";
const ALL: &str =
    "`{}` is a new context, so the call has neither the deadline nor the end of its caller";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LostSetting,
        SCRIPT,
        r"(?P<what>\b(?:Number\.parseInt|parseInt|Number|parseFloat)\(\s*process\.env\.\w+\s*(?:,\s*10\s*)?\))\s*[;,)\n]",
        r"isNaN|isInteger|isFinite|[jJ]oi\.|\bz\.",
        NO_NUMBER,
    ),
    review(
        Practice::OutboundTimeout,
        GO,
        r"(?P<what>\bsmtp\.(?:SendMail|Dial))\(",
        "",
        NO_TIMEOUT,
    ),
    review(
        Practice::OutboundTimeout,
        PYTHON,
        r"(?P<what>\bsmtplib\.SMTP(?:_SSL)?)\(",
        r"timeout\s*=",
        NO_TIMEOUT,
    ),
    review(
        Practice::OutboundTimeout,
        GO,
        r"(?P<what>\bhttputil\.(?:NewSingleHostReverseProxy\(|ReverseProxy\{))",
        r"Transport\b|ResponseHeaderTimeout|TimeoutHandler",
        "the proxy waits without a limit for the response of the service (`{}`)",
    ),
    review(
        Practice::PoolBounds,
        SCRIPT,
        r"(?P<what>\bdrizzle\(\s*(?:env|process\.env|config)[\w.]*\s*[,)])",
        r"(?i)new Pool|\bmax\s*:",
        "the pool has the default size, and no timeout bounds a query",
    ),
    review(
        Practice::PoolBounds,
        GO,
        r"(?P<what>\bsqlx\.NewMysql\(|\bpostgres\.New\(\s*c\.)",
        r"SetMaxOpenConns",
        "the pool has the default size, and no timeout bounds a query",
    ),
    Sign {
        elsewhere: r"validationSchema|validate\s*[:(,]|\bJoi\b|\bz\.object",
        ..review(
            Practice::LostSetting,
            &["module.ts", "config.service.ts"],
            r"(?P<what>\bconfig(?:Service)?\.get(?:<\w+>)?\(\s*['\x22]\w*(?:HOST|URL|URI|PORT|USER\w*|PASS\w*|DB|NAME|SECRET)['\x22]\s*\))\s*[,;)}]",
            "",
            "no code validates the settings at the start, and `{}` may be undefined",
        )
    },
    review(
        Practice::Prefetch,
        &[".ts"],
        r"transport:\s*(?P<what>Transport\.RMQ)\b",
        r"prefetchCount",
        "the broker delivers any number of messages at once to `{}`",
    ),
    review(
        Practice::OwnRecord,
        &[".ts", ".js"],
        r"\bwhere:\s*\{\s*\w+:\s*(?P<what>\w+(?:\.\w+)*\?\.\w+)",
        "",
        "if `{}` is undefined, the condition is left out and the first record of the table is found",
    ),
    review(
        Practice::PoolBounds,
        &[".ts"],
        r"TypeOrmModuleOptions[\s\S]{0,400}?(?P<what>\btype:\s*['\x22](?:postgres|mysql|mariadb)['\x22])",
        r"\bextra\s*:|poolSize|connectionLimit",
        "the pool has the default size, and no timeout bounds a query",
    ),
    review(
        Practice::InternalError,
        &[
            "utils.ts",
            "util.ts",
            "utils.js",
            "util.js",
            "helper.ts",
            "helpers.ts",
            "response.ts",
        ],
        r"(?P<what>\bmessage\s*:\s*(?:error|err|e|exception)\??\.message)\b",
        r"(?i)production|log\w*\.\w+\(",
        "`{}` exposes the text of an internal error to the client",
    ),
    review(
        Practice::BrowserToken,
        GO,
        r"(?P<what>\.SetCookie\([^\n]*,\s*false,\s*(?:true|false)\s*\))",
        "",
        "plain HTTP carries the cookie of `{}`",
    ),
    review(
        Practice::LocalAddress,
        GO,
        r"(?P<what>\.SetCookie\([^\n]*\x22localhost\x22)",
        "",
        "the cookie of `{}` is for this host only, in every environment",
    ),
    inside(
        Practice::CallerIdentity,
        &[
            "mutation.go",
            "resolver.go",
            "resolvers.go",
            "query.go",
            "handler.go",
            "handlers.go",
            "controller.go",
        ],
        r"(?P<what>\b(?:in|input|credentials|details|payload|body|params|dto|req|request)\.(?:Account|User|Customer|Owner|Member)I[dD])\b",
        r"\bfunc ",
        r"(?i)claims|current_?user|from_?context\(|get_?user_?id|ctx\.Value|\.Get\(\x22user|principal|owner_?id\s*[!=]=",
        CHOSEN,
    ),
    inside(
        Practice::CallerIdentity,
        &["resolver.ts", "controller.ts", "gateway.ts"],
        r"(?P<what>\b(?:body|dto|input|payload|args|\w+Dto|\w+Input)\.(?:userId|accountId|customerId|ownerId|memberId))\b",
        r"\(",
        r"(?i)req\.user|@(?:current)?user|claims|session",
        CHOSEN,
    ),
    inside(
        Practice::DroppedMessage,
        SCRIPT,
        r"(?P<what>\bcatch)\s*(?:\([^)\n]*\))?\s*\{",
        r"\.ack\(",
        r"(?i)nack|reject|\bthrow\b|requeue|dead|finally",
        "the handler neither acknowledges nor rejects a failed message",
    ),
    review(
        Practice::IgnoredError,
        SCRIPT,
        r"\btry\s*\{\s*(?P<what>return (?:lastValueFrom|firstValueFrom|axios(?:\.\w+)?|fetch|this\.(?:\w*(?i:repo\w*|model|client|prisma|http\w*|producer))(?:\.\w+)*)\()",
        "",
        "`{}…)` returns the promise, so the `catch` below never sees its failure",
    ),
    review(
        Practice::PageSize,
        GO,
        r"(?P<what>\b(?:Limit|Size)\((?:int\(\w+(?:\.\w+)*\)|(?:\w+\.)*\w*(?:[lL]imit|[sS]ize|[tT]ake))\))",
        r"(?i)max|min\(|(?:limit|size|take)\w*\s*>=?\s*\d",
        "the page size of `{}` comes from the caller, and the function sets no maximum",
    ),
    review(
        Practice::RequestContext,
        GO,
        r"(?m)^[ \t]+(?P<what>ctx :?= context\.(?:Background|TODO)\(\))[ \t]*$",
        r"WithTimeout|WithCancel|WithDeadline|signal\.|func main\(|func init\(|func (?:\([^)\n]*\) )?(?:[nN]ew|[iI]nit|[sS]etup|[cC]onnect|[sS]tart|[rR]un|[oO]pen|[mM]igrate|[sS]eed)\w*\(",
        ALL,
    ),
    review(
        Practice::RequestContext,
        GO,
        r"func (?:\([^)\n]*\) )?\w+\((?:w http\.ResponseWriter, )?\w+ (?:\*http\.Request|\*gin\.Context|echo\.Context|\*fiber\.Ctx)\)[^\n]*\{\s*\n(?:[ \t][^\n]*\n|\n){0,12}?[^\n]*(?P<what>context\.(?:Background|TODO)\(\))",
        r"go func|WithTimeout|WithDeadline",
        ALL,
    ),
    review(
        Practice::BackgroundLoop,
        GO,
        r"(?P<what>\bfor \{)\s*\n\s*select \{",
        r"(?i)\.Done\(\)|quit|stop|\breturn\b|\bbreak \w|done|exit|clos",
        "no case ends the loop, so it runs until the process is killed",
    ),
    review(
        Practice::BackgroundLoop,
        GO,
        r"case \w+ := <-[^\n]*:\s*\n\s*if \w+ == nil \{\s*\n\s*(?P<what>continue)\b",
        "",
        "after the channel is closed, `{}` runs the loop again at once and without an end",
    ),
    review(
        Practice::Acknowledgement,
        PYTHON,
        r"(?P<what>\bKafkaConsumer)\(",
        r"group_id",
        "`{}` has no group, so messages that arrive while it is down are lost",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*\w+(?:\.\w+)+,\s*_\s*=\s*(?P<what>(?:\w+\.)*\w+)\(",
        "",
        "the error of `{}` is ignored",
    ),
    review(
        Practice::Leak,
        GO,
        r"\btx\w* :?= (?P<what>\w+(?:\.\w+(?:\(\w*\))?)*\.Begin\(\))",
        r"defer|tx\w*\.Error|recover\(",
        "the error of `{}` is not read, and a panic leaves the transaction open",
    ),
    review(
        Practice::BodyLogged,
        GO,
        r"\blog\w*\.(?:Print\w*|Info\w*|Debug\w*)\([^\n]*,\s*(?P<what>in|input|req|request|payload|body|dto)\s*\)",
        "",
        "a log record contains the whole value of `{}`",
    ),
    review(
        Practice::InternalError,
        PYTHON,
        r"except [^\n]*\bas (?:e|err|error|exc|ex)\b[^\n]*:\s*\n(?:[^\n]*\n){0,2}?[^\n]*(?:context|abort|details|[rR]esponse|HTTPException|_handle\w*)[^\n]*(?P<what>\{(?:str\()?(?:e|err|error|exc|ex)\b)",
        "",
        "`{}…}` exposes the text of an internal error to the client",
    ),
    Sign {
        elsewhere: r"(?i)rate_?-?limit|throttl|limiter|bucket",
        ..review(
            Practice::LoginLimit,
            GO,
            r"(?m)^func \(\w+ \*?\w*(?:Resolver|Handler|Controller)\) (?P<what>Login|SignIn|Authenticate)\(",
            "",
            "no limiter counts the attempts of `{}`",
        )
    },
];
