//! Guards that are missing around a server, a store or a client: limits, results, addresses.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        elsewhere: r"BodyLimit|MaxBytes|LimitReader",
        ..review(
            Practice::UnboundedBody,
            GO,
            r"(?P<what>\becho\.New)\(",
            "",
            "the server of `{}` has no limit for bodies",
        )
    },
    Sign {
        elsewhere: r"grpc\.Creds\(|credentials\.New\w*TLS|ServerTLS",
        ..review(
            Practice::PlaintextGrpc,
            GO,
            r"(?P<what>\bgrpc\.NewServer)\(",
            "",
            "`{}` listens without TLS",
        )
    },
    review(
        Practice::LooseOrigin,
        SCRIPT,
        r"\borigin\s*:\s*(?P<what>process\.env\.\w+\s*(?:\|\||\?\?)\s*['\x22]\*['\x22])",
        "",
        "`{}` allows every origin if the setting is missing",
    ),
    review(
        Practice::LooseOrigin,
        PYTHON,
        r#"(?m)^\s+(?P<what>\w*(?i:cors|origins)\w*\s*:\s*[\w\[\]]+\s*=\s*\[\s*["']\*["']\s*\])"#,
        "",
        "`{}` allows every origin if the setting is missing",
    ),
    review(
        Practice::HealthResult,
        SCRIPT,
        r"\.get\(\s*['\x22`][^'\x22`\n]*['\x22`]\s*,\s*\(\s*_?req\w*\s*,\s*_?res\w*\s*\)\s*=>\s*\{?\s*(?P<what>(?:return )?res\.(?:[^;{}]|\{[^{}]*\}?)*?['\x22](?i:healthy|ok|up|alive)['\x22])",
        r"(?i)ping\(|authenticate\(|readyState|select 1",
        "the health route always returns success",
    ),
    review(
        Practice::HealthResult,
        &[".rs"],
        r"\bfn \w*(?:health|ready|live)\w*\([^)]*\)\s*->\s*[^{]*\{\s*(?P<what>(?:Ok\()?(?:HttpResponse::Ok\(\)|StatusCode::OK|\x22[^\x22]*\x22|\(StatusCode::OK|Json\(json!\())[^;}]*\}",
        r"(?i)\.ping\(|select 1|is_healthy",
        "the health route always returns success",
    ),
    review(
        Practice::ImageHygiene,
        &["package.json"],
        r#""start"\s*:\s*"(?P<what>[^"]*\b(?:nodemon|ts-node-dev|tsx watch|nest start --watch|webpack-dev-server|webpack serve|vite(?: dev)?|next dev))\b[^"]*""#,
        r#""start:prod""#,
        "`{}` starts a development tool",
    ),
    Sign {
        elsewhere: r"SIGTERM|signal\.Notify|NotifyContext|fx\.New|kratos\.New",
        ..review(
            Practice::ShutdownContext,
            GO,
            r#"(?P<what>\b\w+\.(?:Start|Run|Listen)\(\s*"[\w.]+:\d+"\s*\))"#,
            "",
            "`{}` aborts open requests at SIGTERM",
        )
    },
    review(
        Practice::LocalAddress,
        GO,
        r#"(?P<what>\.(?:Start|Run|Listen|ListenAndServe)\(\s*"(?:localhost|127\.0\.0\.1):\d+")"#,
        r"(?i)pprof|debug|admin",
        "`{}` is reachable from this host only, so no container and no probe reaches it",
    ),
    review(
        Practice::LogLevel,
        &[".rs"],
        r#"(?P<what>unwrap_or_else\(\|_\|\s*(?:EnvFilter::new\()?"[^"\n]*\b(?:trace|debug)\b[^"\n]*"\)?(?:\.into\(\))?\))"#,
        "",
        "`{}` is the default log level",
    ),
    review(
        Practice::LogLevel,
        GO,
        r"(?P<what>Logger\.SetLevel\(\s*log\.DEBUG\s*\))",
        "",
        "`{}` is the deployed log level",
    ),
    review(
        Practice::LogLevel,
        SCRIPT,
        r"(?P<what>process\.env\.\w*LOG_?LEVEL\w*\s*(?:\|\||\?\?)\s*['\x22](?:silly|debug|trace|verbose)['\x22]|logger:\s*\[[^\]\n]*['\x22](?:debug|verbose)['\x22][^\]\n]*\])",
        "",
        "`{}` is the default log level",
    ),
    review(
        Practice::PoolBounds,
        &[".rs"],
        r"(?P<what>\b(?:Pg|MySql|Sqlite)PoolOptions::new)\(",
        r"acquire_timeout",
        "the pool of `{}` sets no acquire timeout",
    )
    .guess(),
    review(
        Practice::Blocking,
        &[".rs"],
        r"(?P<what>\bMutex<\s*(?:\w+::)*\w*(?:Connection|ConnectionManager)\w*>)",
        "",
        "only one request at a time can use the store because of `{}`",
    ),
    review(
        Practice::UnboundedList,
        &[".rs"],
        r#"(?P<what>"(?i:select)[^";]*\b(?i:from)\s+\w+(?:\s+(?i:where)\s+\w+\s*=\s*\$1)?"\s*\)(?:\s*\.bind\([^)\n]*\))?\s*\.fetch_all\()"#,
        "",
        "`{}…)` reads every row",
    ),
    review(
        Practice::UnboundedList,
        &["queries.go", "sql_queries.go", "query.go", "sql.go"],
        r"(?P<what>\b\w*(?:All|List)\w*)\s*=\s*[`\x22](?i:select)\s[^`\x22]*?(?i:from)\s[^`\x22;]*[`\x22]",
        r"(?i)\blimit\b",
        "`{}` reads every row",
    ),
    review(
        Practice::PageSize,
        SCRIPT,
        r"\b(?:limit|take)\s*:\s*(?P<what>(?:parseInt|Number)\(\s*(?:limit|size|pageSize|perPage|take)\b[^)\n]*\))",
        r"Math\.min|\.max\(|maximum|isInt\(\s*\{[^}]*max",
        "`{}` comes from the caller, and the file sets no maximum",
    ),
    review(
        Practice::WeakRandom,
        SCRIPT,
        r"(?P<what>\bMath\.random\(\)\s*\.toString\(\s*(?:16|32|36)\s*\))",
        "",
        "`{}` generates predictable values",
    ),
    review(
        Practice::WeakRandom,
        PYTHON,
        r"(?P<what>\brandom\.(?:choices?|sample)\(\s*(?:string\.|ALPHA|ALNUM|CHARS|LETTERS|alphabet|chars|letters|characters)\w*)",
        r"SystemRandom",
        "`{}…)` generates predictable values",
    ),
    review(
        Practice::Stub,
        &[".ts", ".js", ".java", ".kt", ".cs"],
        r"=\s*(?P<what>new (?:Mock|Fake|Dummy|Stub)[A-Z]\w*)\(",
        r"(?i)process\.env\.\w*mock|@Profile|if .*(?:mock|fake)|\b(?:function|const) (?:create|make|build)\w*(?:mock|fake|dummy|stub)",
        "`{}` replaces the real implementation",
    ),
    review(
        Practice::MemoryState,
        SCRIPT,
        r"(?m)^(?:export )?(?:const|let)\s+(?P<what>\w*(?i:users|sockets|sessions|rooms|clients|online|connections|carts?|tokens|otps?|attempts)\w*)(?::[^=\n]*)?\s*=\s*(?:new (?:Map|Set)(?:<[^>\n]*>)?\(\)|\{\}|\[\])\s*;?\s*$",
        r"(?i)redis-?adapter|lru",
        "`{}` is kept in the memory of one process",
    ),
    review(
        Practice::PublisherConfirm,
        JVM,
        r"(?m)^\s*(?:this\.)?(?P<what>\w*[kK]afkaTemplate\.send|\w*[rR]abbitTemplate\.convertAndSend|\w*[sS]treamBridge\.send)\(",
        r"whenComplete|addCallback|\.get\(|thenAccept|\.join\(|setConfirmCallback|executeInTransaction",
        "no code checks the result of `{}`, so a message that the broker rejects is lost",
    ),
    review(
        Practice::LiteralSetting,
        &[".yml", ".yaml", ".properties"],
        r"(?P<what>optional:configserver:)",
        "",
        "with `{}` the service starts without its settings if the configuration server does not respond",
    ),
    review(
        Practice::OutboundTimeout,
        GO,
        r"(?P<what>\.DialAndSend)\(",
        "",
        "`{}` takes no context, so the request deadline does not cancel it",
    ),
    review(
        Practice::ImageHygiene,
        &["dockerfile", ".dockerfile", "dockerfile.prod"],
        r"(?m)^(?:COPY|ADD)\s+(?:--\S+\s+)*(?P<what>\.\./\S+)",
        "",
        "`{}` is outside of the build context, so the build fails",
    ),
    review(
        Practice::ImageHygiene,
        &["dockerfile", ".dockerfile", "dockerfile.prod"],
        r"(?s)\bFROM\b.*\bFROM\b.*?(?P<what>\b(?:apt-get|apt|apk|yum)\b[^\n]*(?:\\\n[^\n]*)*\b(?:install|add)\b[^\n]*\b(?:vim|nano|emacs|telnet|net-tools|gdb)\b)",
        "",
        "`{}` installs a development tool in the image",
    ),
    review(
        Practice::SupportedVersion,
        &["go.mod"],
        r"(?m)^\s*(?:require\s+)?(?P<what>github\.com/(?:uber/jaeger-client-go|opentracing/opentracing-go|golang/mock|pkg/errors)|gopkg\.in/go-playground/validator\.v9)\s+v\d",
        "",
        "`{}` is archived",
    ),
];
