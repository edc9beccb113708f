//! Requests and calls: pages without a maximum, time limits, pools, panics, addresses.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const fn page(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(
        Practice::PageSize,
        files,
        pattern,
        unless,
        "`{}` comes from the caller, and the file sets no maximum",
    )
}

const fn local(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::LocalAddress,
        files,
        pattern,
        "",
        "the value of `{}` is this host",
    )
}

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LiteralSetting,
        &["settings.py"],
        r"(?m)^(?P<what>DATABASES|ALLOWED_HOSTS|SECRET_KEY)\s*=",
        r"environ|getenv|\benv\b|decouple|dynaconf|local_settings",
        "`{}` and all other settings are literals, which no environment replaces",
    ),
    review(
        Practice::LiteralSetting,
        &[".rs"],
        r#"(?P<what>\bconst \w*(?:BIND|ADDR|PORT)\w*:[^=\n]*=\s*"?(?:0\.0\.0\.0|127\.0\.0\.1|[1-9]\d{3,4}))"#,
        r"env::var|Default for|#\[serde",
        "an address is a constant, which no environment replaces",
    ),
    review(
        Practice::LiteralSetting,
        SCRIPT,
        r"(?P<what>\bpool:\s*\{\s*min:\s*\d+,\s*max:\s*\d+|\bmax(?:HeapUsed|Rss)Bytes:\s*[\d_]+)",
        "process\\.env",
        "`{}` is a literal, which no environment replaces",
    ),
    page(
        PYTHON,
        r"\.limit\(\s*(?P<what>limit|page_size|per_page|size)\s*\)",
        r"min\(|\ble=|lte=|max_limit|MAX_|Range\(|max=",
    ),
    page(
        &["settings.py", "base.py"],
        r"(?P<what>LimitOffsetPagination)",
        r"max_limit",
    ),
    page(
        &[".rs"],
        r"=\s*(?P<what>\w+\.(?:limit|page_size|per_page)(?:\.\w+\(\))*\.unwrap_or(?:_default)?\([^)\n]*\))\s*;",
        r"limit[^;\n]{0,60}\.(?:min|clamp)\(|min\([^;\n]*(?:limit|page)|MAX_|validate\(range",
    ),
    page(
        GO,
        r"[(,]\s*(?P<what>(?:in|req|request|params|query|q)\.(?:PageSize|Limit|PerPage))\s*[,)]",
        r"(?:PageSize|Limit|PerPage)\s*>=?\s|min\(|[mM]axPage|[mM]axLimit",
    ),
    page(
        GO,
        r"\.Limit\(\s*(?P<what>(?:int\(|uint64\()?(?:limit|pageSize|perPage)\)?)\s*\)",
        r"(?i)(?:limit|size|perpage)\s*>=?\s|min\(|max(?:page|limit)",
    ),
    page(
        SCRIPT,
        r"(?:(?:limit|take|pageSize)\s*:|\.limit\(|\.take\()\s*(?P<what>(?:Number\(|parseInt\(|\+)?(?:req\.query|request\.query|query|ctx\.query)\.\w+)",
        r"Math\.min|maximum|@Max\(|\.max\(|max:",
    ),
    page(
        JVM,
        r"PageRequest\.of\(\s*\w+\s*,\s*(?P<what>size|limit|pageSize|perPage)\b",
        r"Math\.min|@Max|coerceAtMost|minOf",
    ),
    page(
        &[".cs"],
        r"\.Take\(\s*(?P<what>pageSize|limit|size|count)\s*\)",
        r"Math\.(?:Min|Clamp)|\[Range",
    ),
    page(
        &[".php"],
        r"->(?:paginate|limit|take)\(\s*(?P<what>\$request->(?:input|get|query)\([^)]*\)|\$request->\w+|\$limit|\$perPage)",
        r"min\(|max:",
    ),
    page(
        &[".rb"],
        r"\.(?:limit|per)\(\s*(?P<what>params\[:\w+\])",
        r"\.min\b|\bclamp\b",
    ),
    local(
        PYTHON,
        r#"os\.(?:environ\.get|getenv)\(\s*["'](?P<what>\w*(?:URL|URI|HOST|ADDR|BROKER|BACKEND|DSN)\w*)["']\s*,\s*["'][^"'\n]*(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        &["settings.py", "config.py", "base.py", "production.py"],
        r#"(?P<what>CORS_(?:ORIGIN_WHITELIST|ALLOWED_ORIGINS|ORIGINS))\s*=\s*[\[(](?:\s*["'](?:https?://)?(?:localhost|0\.0\.0\.0|127\.0\.0\.1)[^"']*["'],?)+\s*[\])]"#,
    ),
    local(
        SCRIPT,
        r#"(?P<what>\w*(?:HOST|URL|URI|ADDR|BROKER|DSN)\w*)\s*:\s*\{[^{}]*default:\s*["'][^"'\n]*(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        SCRIPT,
        r#"process\.env\.(?P<what>\w*(?:DB|DATABASE|REDIS|MONGO|AMQP|RABBIT|KAFKA|BROKER|POSTGRES|MYSQL|QUEUE|SERVICE)\w*)\s*(?:\|\||\?\?)\s*["'`][^"'`\n]*(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        &[".yaml", ".yml"],
        r#"(?m)^\s*(?P<what>Endpoints|Brokers|Hosts):\s*\n\s*-\s*["']?(?:localhost|127\.0\.0\.1):"#,
    ),
    review(
        Practice::RequestPanic,
        &[".rs"],
        r"\b(?:fetch|find|load|get_result|execute|query|insert|update|delete)\w*(?:::<[^>\n]*>)?\((?:[^()]|\([^()]*\))*\)(?:\.await)?\s*(?P<what>\.(?:expect|unwrap)\()",
        r"fn main\(|#!\[cfg\(test\)\]",
        "a failed call panics here",
    ),
    review(
        Practice::RequestPanic,
        &[".rs"],
        r"fn (?:get_\w+|\w*(?:secret|key|token)\w*)\([^)]*\)[^{]*\{[^}]*?\benv::var\((?:[^()]|\([^()]*\))*\)\s*(?P<what>\.(?:expect|unwrap)\()",
        r"fn main\(|LazyLock|lazy_static|OnceCell|OnceLock",
        "a missing variable panics where it is first used, not at the start",
    ),
    review(
        Practice::PoolBounds,
        PYTHON,
        r"=\s*(?P<what>SQLAlchemy\(|create_engine\()",
        r"pool_size|ENGINE_OPTIONS|pool_pre_ping|NullPool|pool_recycle|sqlite",
        "the pool has neither limits nor timeouts here",
    ),
    review(
        Practice::PoolBounds,
        &[".rs"],
        r"(?P<what>Pool::builder\(\)\s*\.build\(|(?:Pg|MySql)Pool::connect\()",
        "",
        "the pool has neither limits nor timeouts",
    ),
    review(
        Practice::PoolBounds,
        SCRIPT,
        r"(?P<what>new Sequelize\(\s*[\w.]+\s*\))",
        "",
        "the connection has no options, so its pool has no limits",
    ),
    review(
        Practice::ConnectRetry,
        &[".rs"],
        r"\b(?P<what>(?:init_pool|create_pool|(?:Pg|MySql)Pool::connect|connect)\((?:[^()]|\([^()]*\))*\)(?:\s*\.await)?\s*\.(?:expect|unwrap))\(",
        r"retry|backoff|connect_lazy|mod tests",
        "startup fails if the database does not respond",
    ),
    review(
        Practice::OutboundTimeout,
        &[".cs"],
        r"(?P<what>\bAddHttpClient(?:<[^>\n]*>)?\([^;{]*\)\s*;)",
        r"Timeout|ResilienceHandler|AddPolicyHandler",
        "the client has the default timeout of 100 s",
    ),
    review(
        Practice::OutboundTimeout,
        JVM,
        r"(?P<what>\bnew OAuth2RestTemplate)\(",
        r"setRequestFactory|[tT]imeout|RestTemplateBuilder|ClientHttpRequestFactory",
        "the client has no timeout",
    ),
    review(
        Practice::OutboundTimeout,
        &[".yml", ".yaml", ".properties"],
        r"(?m)(?P<what>^\s*smtp:|^spring\.mail\.host\s*=)",
        r"(?i)smtp[\s\S]*timeout|mail\.smtp\.(?:connection)?timeout",
        "the mail client has no timeout, and its default is unlimited",
    ),
    review(
        Practice::OutboundTimeout,
        PYTHON,
        r"=\s*(?P<what>Celery\()",
        r"socket_timeout|transport_options|broker_connection_timeout|config_from_object",
        "the connections to the broker and the results have no timeout",
    ),
    review(
        Practice::OutboundTimeout,
        &[".php"],
        r"(?P<what>new (?:\\?GuzzleHttp\\)?Client\(\s*(?:\[[^\]]*\])?\s*\))",
        "timeout",
        "the client has no timeout",
    ),
    review(
        Practice::InternalError,
        &[".rs"],
        r"(?P<what>\binfo\.(?:details|message)\(\)|json!\([^)\n]*\b(?:err|e|error)\.to_string\(\))",
        "",
        "the response contains the text of an internal error",
    ),
    review(
        Practice::InternalError,
        JVM,
        r"(?P<what>(?:ResponseEntity|\.body\()[^;\n]*\b(?:e|ex|exception)\.(?:getMessage\(\)|message\b))",
        "",
        "the response contains the text of an exception",
    ),
    review(
        Practice::InternalError,
        &[".cs"],
        r"(?P<what>\b(?:BadRequest|StatusCode|Problem|Ok|NotFound|Json)\([^;\n]*\bex(?:ception)?\.(?:Message|ToString\(\)))",
        "",
        "the response contains the text of an exception",
    ),
    review(
        Practice::InternalError,
        &[".php", ".rb"],
        r"(?P<what>(?:->json\(|render json:)[^;\n]*(?:\$e(?:x|xception)?->getMessage\(\)|\be(?:rror|x)?\.message\b))",
        "",
        "the response contains the text of an exception",
    ),
    review(
        Practice::SqlText,
        SCRIPT,
        r"(?P<what>\.(?:query|\$queryRawUnsafe|\$executeRawUnsafe)\(\s*`[^`]*(?:=|LIKE|IN|>|<)\s*[\x22'(]?%?\$\{)[\s\S]*",
        "",
        "a statement contains the text of a value",
    ),
    review(
        Practice::RequestContext,
        GO,
        r"func [^\n]*\bctx context\.Context[^\n]*\{(?:[^\n]|\n[^}])*?(?P<what>time\.Sleep)\(",
        r"ctx\.Done\(\)",
        "`{}` continues after the context is cancelled",
    ),
    review(
        Practice::UnboundedList,
        &[".cs"],
        r"(?P<what>\b_?\w*[cC]ontext\.\w+\.ToList(?:Async)?)\(\)",
        "",
        "`{}` reads every row",
    ),
    review(
        Practice::UnboundedList,
        &[
            "repository.kt",
            "repository.java",
            "controller.kt",
            "controller.java",
        ],
        r"(?P<what>\bfindAll\(\)\s*:\s*(?:Collection|List|Iterable|MutableList)<|\b(?:Collection|List|Iterable)<\w+>\s+findAll\(\))",
        r"Pageable",
        "`findAll` reads every row",
    ),
    review(
        Practice::HealthAccess,
        JVM,
        r"(?P<what>\banyRequest\(\)\s*\.(?:authenticated\(\)|hasRole|access))",
        r"actuator|health|EndpointRequest",
        "every path that is not listed needs credentials, and no health path is listed",
    ),
    review(
        Practice::UnboundedList,
        &[".ts", ".js", ".py", ".go", ".java"],
        r"(?P<what>\b\w*(?i:redis|rdb)\w*\.(?:keys|Keys|KEYS)\(|\bclient\.keys\([a-z])",
        "",
        "every key of the store is read",
    ),
    review(
        Practice::Blocking,
        &[".rs"],
        r"(?P<what>\bpool\.get\(\)\?)",
        r"web::block|spawn_blocking|diesel_async|AsyncPg|deadpool|bb8|\.get\(\)\.await|interact\(",
        "`{}` and the queries after it block a thread of the async runtime",
    ),
];
