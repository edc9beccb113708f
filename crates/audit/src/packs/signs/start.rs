//! Starts and ends: failures that are logged only, secrets that nothing checks, loops without end.

use super::{Sign, review};
use crate::model::facts::{Topic, Verdict};

const SCRIPT: &[&str] = &[".ts", ".js", ".mjs"];
const ONLY_LOGGED: &str = "the failure is logged, and the program goes on without `{}`";
const UNCHECKED: &str = "`{}` may be missing, and nothing checks it at the start";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Topic::SilentNull,
        &[".go"],
        r"(?P<what>\b[a-zA-Z]\w*),\s*err\s*:?=\s*(?:\w+\.)*(?:New|Open|Init|Connect|Setup|Dial|Load|Read)\w*\((?:[^()\n]|\([^()\n]*\))*\)\s*\n\s*if err != nil \{\s*\n\s*(?:\w+\.)*(?i:log\w*|logger|fmt|helper|slog)(?:\.\w+\([^()\n]*\))*\.(?:Print|Printf|Println|Error|Errorf|Errorw|Warn|Warnf|Warnw|Info|Infof)\([^\n]*\n\s*\}",
        r"(?i)fall(?:ing)? back|fallback|optional|degraded",
        ONLY_LOGGED,
    ),
    review(
        Topic::SilentNull,
        SCRIPT,
        r"(?m)^(?:export\s+)?let\s+\w*(?i:channel|client|producer|publisher|connection|conn|redis|pool|transport)\w*\b[^=\n]*=\s*null;?[\s\S]*?(?P<what>catch)\s*(?:\([^)]*\))?\s*\{\s*(?:console|\w*[lL]og\w*)\.\w+\([^;{}]*\);?\s*\}",
        r"(?i)reconnect|retry|setTimeout",
        "the failure is logged, and the program goes on without its client",
    ),
    review(
        Topic::SilentNull,
        SCRIPT,
        r"try\s*\{\s*await\s+(?P<what>\w+\.connect|\w*[dD]ata[sS]ource\.initialize|\w+\.authenticate)\([^;]*\);?[^{}]*\}\s*catch\s*(?:\([^)]*\))?\s*\{\s*(?:console|\w*[lL]og\w*)\.\w+\([^;{}]*\);?\s*\}",
        r"(?i)process\.exit|reconnect|retry",
        "the failure of `{}` is logged, and the program goes on without a connection",
    ),
    review(
        Topic::SilentNull,
        SCRIPT,
        r"if\s*\(\s*!(?:this\.)?(?P<what>\w*(?i:channel|producer|publisher))\s*\)\s*(?:\{\s*)?return(?:\s*;|\s*\n)",
        "",
        "without `{}` the message is dropped, and the caller sees success",
    ),
    review(
        Topic::SilentNull,
        &[".go"],
        r"func \((?P<what>\w+) \*?\w*(?i:publisher|producer|client|bus)\w*\) (?:Publish|Send|Produce|Emit)\w*\([^\n]*\{\s*\n\s*if \w+(?:\.\w+)? == nil \{\s*\n\s*return(?: nil)?\s*\n",
        "",
        "a publisher that is nil drops the message, and the caller sees success",
    ),
    review(
        Topic::UncheckedSecret,
        &[".go"],
        r#"(?P<what>os\.Getenv\("\w*(?:SECRET|PASSWORD|PRIVATE_KEY|API_KEY|SIGNING_KEY)\w*"\))"#,
        r#"== ""|required|validate|LookupEnv|log\.Fatal"#,
        UNCHECKED,
    ),
    review(
        Topic::UncheckedSecret,
        SCRIPT,
        r"(?P<what>process\.env\.\w*(?:SECRET|PASSWORD|PRIVATE_KEY|API_KEY|SIGNING_KEY)\w*)(?:!|\s+as\s+string)?\s*[,;)}\n]",
        r"(?i)\bjoi\b|\bzod\b|envalid|throw new \w*error\([^)\n]*(?:secret|missing|undefined|required|must|not set)|process\.exit|required|validate",
        UNCHECKED,
    ),
    review(
        Topic::UncheckedSecret,
        &[".py"],
        r#"(?P<what>os\.(?:getenv|environ\.get)\(\s*["']\w*(?:SECRET|PASSWORD|PRIVATE_KEY|API_KEY|SIGNING_KEY)\w*["']\s*\))"#,
        r"raise |assert |BaseSettings|sys\.exit",
        UNCHECKED,
    ),
    review(
        Topic::OwnedTask,
        SCRIPT,
        r"\.on\(\s*['\x22](?P<what>uncaughtException|unhandledRejection)['\x22]\s*,\s*(?:async\s*)?(?:function\s*)?\(?[^)={]*\)?\s*(?:=>)?\s*\{\s*(?:(?:console|\w*[lL]og\w*)\.\w+\((?:[^;{}]|\{[^{}]*\})*\);?\s*)*\}",
        "",
        "the handler of `{}` logs only, so the process goes on in an unknown state",
    ),
    review(
        Topic::OwnedTask,
        &[".go"],
        r"(?m)^\s*go\s+(?P<what>[\w.]+)\(\s*context\.(?:Background|TODO)\(\)",
        "",
        "nothing cancels `{}`, and a stop does not wait for it",
    ),
    review(
        Topic::BackgroundLoop,
        &[".go"],
        r"(?m)^\s*(?P<what>for) \{\s*\n(?:[^\n]*\n){1,12}?\s*time\.Sleep\(",
        r"ctx\.Done\(\)|ctx\.Err\(\)|<-stop|<-quit|<-done",
        "the loop sleeps and never asks whether the program ends",
    ),
    review(
        Topic::Schedule,
        SCRIPT,
        r"(?m)^\s*(?P<what>setInterval|cron\.schedule|schedule\.scheduleJob)\((?:[^()]|\([^()]*\))*(?:async\b|\.then\()",
        r"(?i)redlock|acquireLock|leader|pg_try_advisory|clearInterval|\.lock\(",
        "every replica runs this schedule, and a slow run overlaps with the next one",
    ),
    review(
        Topic::ErrorListener,
        SCRIPT,
        r"=\s*(?P<what>new (?:IO)?Redis(?:\.Cluster)?)\(",
        r"\.on\(\s*['\x22]error['\x22]",
        "`{}` has no listener for `error`",
    ),
    review(
        Topic::BackgroundLoop,
        &[".go"],
        r"(?m)^\s*(?P<what>for (?:_ := |_ = )?range \w+(?:\.\w+)*\.C) \{",
        r"ctx\.Done\(\)|\.Stop\(\)|<-stop|<-quit|<-done",
        "the loop of the ticker never ends",
    ),
    review(
        Topic::Schedule,
        &[".go"],
        r"(?P<what>for (?:_ := |_ = )?range \w+(?:\.\w+)*\.C|<-\w*[tT]icker\.C)\b[\s\S]{0,400}?(?:UPDATE|DELETE|INSERT|\.Update|\.Delete|\.Send)",
        r"(?i)advisory|SKIP LOCKED|redsync|\block\w*\(|leader|SetNX",
        "every replica runs this schedule",
    ),
    review(
        Topic::ShutdownContext,
        &[".go"],
        r"(?P<what>\.Shutdown\(\s*context\.(?:Background|TODO)\(\)\s*\))",
        "",
        "`{}` waits without an end for requests that hang",
    ),
    review(
        Topic::ShutdownContext,
        &[".go"],
        r"(?P<what>signal\.Notify(?:Context)?\((?:[^()]|\(\))*,\s*os\.Interrupt\s*\))",
        r"SIGTERM",
        "`{}` does not wait for SIGTERM, which an orchestrator sends",
    ),
    review(
        Topic::DebugRoute,
        &[".go"],
        r#"(?m)^\s*_ "(?P<what>net/http/pprof|expvar)""#,
        r"build debug|localhost|127\.0\.0\.1",
        "`{}` adds its routes to the default server",
    ),
    Sign {
        topic: Topic::CodeCredential,
        verdict: Verdict::LikelyBroken,
        files: &[".go"],
        pattern: r#"SetDefault\(\s*"(?P<what>[\w.]*(?i:secret|password|passwd|api_?key|signing_?key)[\w.]*)"\s*,\s*"[^"\n]+""#,
        unless: "",
        elsewhere: "",
        evidence: "`{}` has a literal as its default",
    },
    review(
        Topic::HealthResult,
        &[".go"],
        r"func [^\n]*(?i:ready|readiness|health|live)\w*\([^\n]*\{(?:[^\n]|\n[^}])*?(?P<what>if err :?= [^\n]*(?i:ping)\w*\([^\n]*; err != nil \{)\s*\n[^\n]*(?i:log|print|warn)[^\n]*\n\s*\}",
        r"(?i)503|StatusServiceUnavailable|InternalServerError",
        "the check fails, and the answer is success",
    ),
    review(
        Topic::HealthResult,
        SCRIPT,
        r"(?:get|Get)\(\s*['\x22`][^'\x22`]*(?i:ready|health|live)[^'\x22`]*['\x22`][\s\S]{0,400}?(?P<what>catch)\s*(?:\([^)]*\))?\s*\{\s*(?:console|this\.\w+|\w*[lL]og\w*)\.\w+\([^;{}]*\);?\s*\}",
        r"503|ServiceUnavailable",
        "the check fails, and the answer is success",
    ),
    Sign {
        topic: Topic::ImageSecret,
        verdict: Verdict::LikelyBroken,
        files: &["dockerfile", ".dockerfile", "containerfile"],
        pattern: r"(?m)^(?:ENV|ARG)\s+(?P<what>\w*(?:SECRET|PASSWORD|API_KEY|TOKEN)\w*)(?:=|[ \t]+)[^\s$\x22'][^\s]*",
        unless: "ALLOW_EMPTY_PASSWORD",
        elsewhere: "",
        evidence: "`{}` has its value in the image",
    },
];
