//! Calls and stores: time limits, connections at start, pools, lists and bodies without a limit.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const ENDLESS: &str = "`{}` has no timeout";
const ONCE: &str = "`{}` is not retried, so startup fails if the dependency is not ready";
const WAITS: &str = "`{}` sets neither the pool size nor the acquire timeout";
const ALL: &str = "`{}` reads every row";
const BODY: &str = "`{}` reads a body without a limit";
const PAGE: &str = "`{}` comes from the caller, and the file sets no maximum";
const RETRY: &str = r"(?i)retry|retries|backoff|attempt|tenacity|wait_?for|reconnect";
const LENGTH: &str = "a string of `{}` has no maximum length";

const fn endless(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::OutboundTimeout, files, pattern, unless, ENDLESS)
}

const fn once(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::ConnectRetry, files, pattern, RETRY, ONCE)
}

const fn pool(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::PoolBounds, files, pattern, unless, WAITS).guess()
}

const fn all(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::UnboundedList, files, pattern, unless, ALL)
}

const fn body(
    files: &'static [&'static str],
    pattern: &'static str,
    elsewhere: &'static str,
) -> Sign {
    Sign {
        elsewhere,
        ..review(Practice::UnboundedBody, files, pattern, "", BODY)
    }
}

const fn page(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::PageSize, files, pattern, unless, PAGE)
}

const fn length(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::TextLength, files, pattern, unless, LENGTH)
}

pub(super) const SIGNS: &[Sign] = &[
    endless(
        GO,
        r"(?P<what>\bhttp\.(?:Get|Post|PostForm|Head)\(|\bhttp\.DefaultClient\b|&?http\.Client\{\s*\}|\bnew\(http\.Client\))",
        r"Timeout:|\.Timeout\s*=|SetDeadline|WithTimeout",
    ),
    endless(
        GO,
        r"(?P<what>\bhttp\.Client\{\s*(?:Transport|Jar|CheckRedirect):[^{}]*(?:\{[^{}]*\}[^{}]*)*\})",
        r"Timeout:|WithTimeout|\.Timeout\s*=",
    ),
    endless(
        GO,
        r"(?P<what>\bredis\.Dial(?:URL)?\()",
        r"DialConnectTimeout|DialReadTimeout",
    ),
    endless(
        &[".go", ".yaml", ".yml", ".ini", ".toml", ".env"],
        r#"(?P<what>@tcp\([^)\n]*\)/[^"'`\n]*)"#,
        r"[?&](?:read|write)?[tT]imeout=",
    ),
    endless(
        GO,
        r"(?P<what>\bsmtp\.SendMail\(|\bmail\.NewDialer\(|gomail\.NewDialer\(|\bresty\.New\(\)|\breq\.C\(\)|\bgorequest\.New\(\)|\bnet\.Dial\()",
        r"Timeout|Deadline",
    ),
    endless(
        SCRIPT,
        r"(?P<what>\b(?:axios(?:\.(?:get|post|put|delete|patch|request|create))?|fetch|got(?:\.\w+)?|request(?:\.(?:get|post|put|delete))?|superagent\.\w+|needle|ky(?:\.\w+)?|this\.http(?:Service)?\.(?:get|post|put|delete|patch|request))\(\s*[`'\x22\w{])",
        r"(?i)timeout|AbortSignal|AbortController|from ['\x22]react|document\.|window\.|\bfetch\w*\s*:\s*\(",
    ),
    endless(
        &[".ts"],
        r"(?P<what>\bHttpModule\s*[,\]])",
        r"(?i)timeout\(|timeout:|deadline",
    ),
    endless(
        SCRIPT,
        r"(?P<what>\bnodemailer\.createTransport\(|\bnew (?:\w+\.)?\w+(?:Client|ServiceClient)\([^()\n]*(?:grpc\.)?credentials\.create\w+\()",
        r"(?i)timeout|deadline",
    ),
    endless(
        PYTHON,
        r"(?m)(?:^|[^.\w]|self\.)(?P<what>(?:requests|session|http)\.(?:get|post|put|delete|patch|request)\(\s*(?:f?['\x22]|url|[A-Z_]{2,}\b|self\.))",
        r"timeout\s*=",
    ),
    endless(
        PYTHON,
        r"(?P<what>\b(?:urllib\.request\.)?urlopen\(|\bsmtplib\.SMTP(?:_SSL)?\(|\baiohttp\.ClientSession\(\s*\)|\bhttpx\.(?:Async)?Client\([^)]*timeout\s*=\s*None|\basyncpg\.(?:create_pool|connect)\(|\bpsycopg2\.connect\(|\bpymongo\.MongoClient\(|\bMongoClient\(|\bredis\.(?:Strict)?Redis\(|\bgrpc\.(?:aio\.)?insecure_channel\()",
        r"(?i)timeout",
    ),
    endless(
        JVM,
        r"(?P<what>\bnew RestTemplate\(\s*\)|\bRestTemplateBuilder\b[^;]*\.build\(\)|\bWebClient\.(?:create|builder)\(|\bHttpClients?\.(?:createDefault|newHttpClient)\(|\bnew OkHttpClient\(\)|\bRestClient\.(?:create|builder)\(|\bnew URL\([^)\n]*\)\.openConnection\(\)|\bnew DefaultHttpClient\(|\bUnirest\.\w+\(|\bnew Jedis\(\s*[^,)]*(?:,[^,)]*)?\))",
        r"(?i)timeout",
    ),
    Sign {
        elsewhere: r"(?i)feign[\s\S]{0,120}timeout|spring\.cloud\.openfeign\.client\.config|readTimeout",
        ..endless(JVM, r"(?P<what>@FeignClient)\b", "")
    },
    endless(
        &[".cs"],
        r"(?P<what>\bnew HttpClient\(\s*\)|\bnew RestClient\(|\bnew SmtpClient\(|\bGrpcChannel\.ForAddress\()",
        r"Timeout|deadline",
    ),
    endless(
        &[".php"],
        r"(?P<what>\bcurl_init\(|\bfile_get_contents\(\s*['\x22$][^)\n]*http|\bHttp::(?:get|post|put|delete)\(|new (?:\\?GuzzleHttp\\)?Client\()",
        r"(?i)timeout",
    ),
    endless(
        &[".rb"],
        r"(?P<what>\bNet::HTTP\.(?:get|post|start|new)\b|\bHTTParty\.\w+\(|\bFaraday\.new\b|\bRestClient\.\w+\b)",
        r"(?i)timeout",
    ),
    endless(
        &[".rs"],
        r"(?P<what>\breqwest::(?:Client::new\(\)|get\()|\bhyper::Client::new\(\))",
        r"(?i)timeout",
    ),
    once(
        GO,
        r"(?P<what>\b(?:sqlx|sql|gorm|pgx|pgxpool|mongo|ent|bun|xorm|amqp|amqp091|nats|elastic|elasticsearch|stan|bigcache|clickhouse|mysql|pg)\.(?:Connect|MustConnect|ConnectContext|Open|MustOpen|Dial|DialConfig|NewClient|New|ConnectConfig|NewConn|NewEngine)\()[^\n]*(?:\n[^\n]*){0,8}?\n\s*(?:if )?[^\n]*err != nil",
    ),
    once(
        &[
            "main.go",
            "serve.go",
            "server.go",
            "root.go",
            "app.go",
            "wire.go",
            "bootstrap.go",
            "setup.go",
            "init.go",
        ],
        r"(?im)^[^\n]*:?=\s*(?P<what>[\w.]*(?:db|database|postgres|psql|mysql|mongo|redis|rabbit|amqp|kafka|nats|store|storage|conn)\w*\([^\n]*)\n\s*if err != nil \{\s*\n[^\n]*(?:fatal|panic|exit|return)",
    ),
    once(
        GO,
        r"(?P<what>if err :?= (?:\w+\.)*(?:[pP]ing\w*|check\w*[cC]onn\w*)\([^\n.]*; err != nil)",
    ),
    once(
        SCRIPT,
        r"(?P<what>\b(?:mongoose\.connect|amqp(?:lib)?\.connect|createConnection|\w*[sS]equelize\w*\.(?:authenticate|sync)|\w*[dD]ata[sS]ource\w*\.initialize|MongoClient\.connect|\w*[cC]lient\.connect|producer\.connect|consumer\.connect)\()",
    ),
    once(
        PYTHON,
        r"(?P<what>\b(?:asyncpg\.(?:create_pool|connect)|psycopg2?\.connect|pika\.BlockingConnection|aio_pika\.connect|pymysql\.connect|mysql\.connector\.connect|KafkaProducer|KafkaConsumer|AIOKafkaProducer)\()",
    ),
    once(
        &[".rs"],
        r"(?P<what>\.connect(?:_with)?\(\s*&?[\w.()]+\s*\)\s*\.await)",
    ),
    once(
        &[".cs"],
        r"(?P<what>\bConnectionMultiplexer\.Connect(?:Async)?\(|\w*[fF]actory\.CreateConnection(?:Async)?\()",
    ),
    once(
        &[".rb", ".php"],
        r"(?P<what>\bBunny\.new\b|\bPG\.connect\b|\bnew PDO\(|\bnew AMQPStreamConnection\(|\bnew mysqli\()",
    ),
    pool(
        SCRIPT,
        r"(?P<what>\b(?:SequelizeModule|TypeOrmModule)\.forRoot(?:Async)?\(|\bnew (?:Sequelize|DataSource|PrismaClient)\(|\bmysql2?\.create(?:Connection|Pool)\(|\bmongoose\.connect\()",
        r"\bpool\s*:|connectionLimit|maxPoolSize|poolSize|connection_limit|\bextra\s*:",
    ),
    pool(
        PYTHON,
        r"(?P<what>\basyncpg\.create_pool\()",
        r"max_size[\s\S]*command_timeout",
    ),
    pool(
        GO,
        r"(?P<what>\b(?:sql|sqlx|gorm|bun|xorm)\.(?:Open|OpenDB|NewDB|Connect|NewEngine)\()",
        r"SetConnMaxLifetime|SetMaxOpenConns",
    ),
    pool(
        &["database.yml"],
        r"(?m)^\s*(?P<what>pool:\s*\d+)\s*$",
        r"ENV",
    ),
    review(
        Practice::PoolBounds,
        &[".yaml", ".yml", ".toml", ".ini", ".env", ".properties"],
        r"(?im)^[ \t]*(?P<what>\w*(?:pool_?size|max_?conn\w*|max_?open\w*)[ \t]*[:=][ \t]*(?:\d{4,}|[5-9]\d\d))\b",
        "",
        "`{}` is more than most databases accept from one replica",
    ),
    all(
        &[".php"],
        r"(?P<what>\b[A-Z]\w+::all\(\)|->(?:latest\(\)->)?get\(\s*\))",
        r"paginate|->take\(|->limit\(",
    ),
    all(
        &["controller.rb"],
        r"(?m)^\s*@?\w+\s*=\s*(?P<what>[@\w.]+\.(?:all|order\([^)\n]*\)|where\([^)\n]*\)|tag_counts\b[^\n]*))\s*$",
        r"\.limit|\.page|paginate|\.per\(",
    ),
    all(
        &[".rs"],
        r"(?P<what>\.(?:fetch_all|fetch)\(\s*&)",
        r"(?i)\blimit\b",
    ),
    all(
        &[
            "comments.rs",
            "articles/mod.rs",
            "tags.rs",
            "repository.rs",
            "handlers.rs",
            "routes.rs",
            "users.rs",
        ],
        r"(?s)select(?:[^`;L]|L[^I])*?(?P<what>\.fetch_all\(\s*&?[\w.]+\))",
        "",
    ),
    all(
        &[".rs"],
        r"(?P<what>\.load(?:::<\w+>)?\(\s*&?(?:mut )?\w*conn\w*\))",
        r"\.limit\(",
    ),
    all(
        PYTHON,
        r"(?P<what>=\s*(?:await\s+)?[\w.]*(?:\.objects\.all\(\)|\.query\.all\(\)|\.scalars\(\)\.all\(\)|\.query\([^)\n]*\)\.all\(\)|\.find\(\s*(?:\{\s*\})?\s*\)|queries\.get_all\w*\(|queries\.get_\w+s_for_\w+\())",
        r"(?i)\blimit\b|pagina|\[:",
    ),
    all(
        GO,
        r"(?P<what>\.(?:Find|Scan)\(\s*&\w*s\s*\)|\.(?:Select|SelectContext)\(\s*(?:ctx,\s*)?&\w*s\s*,|\.All\(ctx\)|\.Find\(\s*(?:ctx|context\.\w+\(\)),\s*bson\.[DM]\{\s*\})",
        r"(?i)\blimit\b",
    ),
    all(
        SCRIPT,
        r"(?P<what>\b(?:this\.)?\w*(?:[rR]epository|[mM]odel|[rR]epo)\.(?:find|findAll|getAll)\(\s*\)|\b[A-Z]\w+\.(?:find|findAll)\(\s*(?:\{\s*\})?\s*\))",
        r"(?i)\blimit\b|\btake\b",
    ),
    all(
        JVM,
        r"(?P<what>\b\w*(?:[rR]epository|[dD]ao|[rR]epo)\.findAll\(\s*\))",
        "",
    ),
    all(
        &[".cs"],
        r"(?P<what>\.(?:ToListAsync|ToList)\(\s*\))",
        r"\.Take\(|Paged",
    ),
    Sign {
        elsewhere: r"MaxBytes|LimitReader|BodyLimit|MaxRequestBodySize|RequestSize",
        ..review(
            Practice::UnboundedBody,
            GO,
            r"(?P<what>\b(?:c|ctx|context)\.(?:ShouldBind(?:JSON|BodyWith)?|BindJSON|Bind|BodyParser|GetRawData)\()",
            "",
            BODY,
        )
    },
    body(
        GO,
        r"(?P<what>\b(?:io|ioutil)\.ReadAll\(\s*[\w.]*(?:Body|body|resp|response)\s*\)|\bjson\.NewDecoder\(\s*\w*(?:\.Request)?\.Body\s*\))",
        r"MaxBytes|LimitReader|BodyLimit",
    ),
    body(
        SCRIPT,
        r"(?P<what>\b(?:express|bodyParser)\.(?:json|urlencoded|raw|text)\(\s*\{[^}]*limit:\s*['\x22]?(?:[1-9]\d+\s*mb|\d{8,}|Infinity))",
        "",
    ),
    body(
        SCRIPT,
        r"(?P<what>\bclient_max_body_size\s+0|\bbodyLimit:\s*(?:\d{8,}|[1-9]\d+ ?\* ?1024 ?\* ?1024)|maxBodyLength:\s*Infinity)",
        "",
    ),
    body(
        &[".conf"],
        r"(?P<what>\bclient_max_body_size\s+(?:0|\d{3,}m|\d+g))",
        "",
    ),
    body(
        PYTHON,
        r"(?P<what>\bawait request\.(?:body|json)\(\)|\brequest\.(?:get_data|stream\.read)\()",
        r"(?i)MAX_CONTENT_LENGTH|content-length|max_size",
    ),
    page(
        PYTHON,
        r"(?P<what>\b(?:limit|size|per_page|page_size|count|take)\s*:\s*(?:int|Optional\[int\])\s*=\s*(?:Query\([^)\n]*\)|\d+))",
        r"\ble\s*=|\blt\s*=|min\(",
    ),
    page(
        &[".rs"],
        r"(?P<what>\b\w+\.(?:limit|page_size|per_page)(?:\.\w+\(\))*\.unwrap_or(?:_default)?\([^)\n]*\))",
        r"\.min\(|clamp\(|MAX_",
    ),
    page(
        GO,
        r#"(?P<what>strconv\.(?:Atoi|ParseInt|ParseUint)\(\s*[\w.()"]*(?i:limit|size|perpage|per_page|pagesize|count|take)\w*"?\)*)"#,
        r"(?i)(?:limit|size|perpage)\w*\s*>=?\s*|min\(|max_?(?:page|limit|size)",
    ),
    page(
        GO,
        r"(?P<what>\.(?:Limit|Offset)\(\s*(?:int\(|uint64\()?\w*(?:\.\w+)*\.?(?:Get)?(?:Limit|PageSize|Size|PerPage)(?:\(\))?\)?\s*\))",
        r"(?i)(?:limit|size|perpage)\w*(?:\(\))?\s*>=?\s*|min\(|max_?(?:page|limit|size)",
    ),
    page(
        SCRIPT,
        r"(?P<what>\b(?:limit|take|first|perPage|pageSize)\s*:[^,\n]*\b(?:query|args|input|params|pagination|filter|options|dto|first|last)\.?(?:limit|take|first|last|pageSize|perPage)?\b)",
        r"Math\.min|@Max\(|\.max\(|maximum|max:",
    ),
    page(
        SCRIPT,
        r"(?P<what>\b(?:Number|parseInt)\(\s*(?:req|request|ctx)\.query\.(?:limit|size|pageSize|per_page|count|take)\b)",
        r"Math\.min|\.max\(|maximum",
    ),
    page(
        JVM,
        r"(?P<what>@RequestParam(?:\([^)\n]*\))?\s*(?:int|Integer|val)?\s*\w*(?:size|limit|Size|Limit)\b)",
        r"@Max|Math\.min|coerceAtMost",
    ),
    page(
        &[".php", ".rb"],
        r"(?P<what>\$request->(?:get|input|query)\(\s*['\x22](?:limit|per_page|size)['\x22]|params\[:(?:limit|per_page|size)\])",
        r"\bmin\(|\.min\b|clamp|max:",
    ),
    length(
        &["request.php", "create.php", ".php"],
        r"(?P<what>'\w+'\s*=>\s*'[^'\n]*\b(?:required|sometimes)\b[^'\n]*\bstring\b[^'\n]*')",
        r"max:|between:|size:",
    ),
    length(
        &["dto.ts", "input.ts", "dto.js", "request.ts"],
        r"(?P<what>@(?:IsString|IsNotEmpty)\(\))",
        r"MaxLength|@Length\(",
    ),
    length(
        GO,
        r#"(?P<what>\b\w+\s+string\s+`[^`\n]*(?:binding|validate):"(?:required)")"#,
        r"max=|lte=|len=",
    ),
    length(
        &[
            "schemas.py",
            "schema.py",
            "models/schemas.py",
            "dto.py",
            "request.py",
        ],
        r"(?m)^class\s+(?P<what>\w*(?:Create|Update|In|Input|Request|Register)\w*)\([^)\n]*(?:BaseModel|Schema|RWSchema|RWModel)[^)\n]*\):\s*\n(?:\s+[^\n]*\n){0,6}?\s+\w+\s*:\s*str\b",
        r"max_length|constr\(",
    ),
    length(
        JVM,
        r"(?P<what>@(?:NotBlank|NotEmpty)\b)",
        r"@Size|@Length|max\s*=",
    ),
    length(
        &[
            "models/article.rb",
            "models/comment.rb",
            "models/post.rb",
            "models/user.rb",
            ".rb",
        ],
        r"(?m)^\s*(?P<what>validates\s+:\w+[^\n]*presence:\s*true[^\n]*)$",
        r"maximum|length:",
    ),
    length(
        &[".rs"],
        r"derive\([^)]*Deserialize[^)]*\)\]\s*(?:#\[[^\]]*\]\s*(?://[^\n]*\n\s*)?)*(?:pub )?struct\s+(?P<what>(?:New|Create|Update|Register|Login)\w*|\w+(?:Request|Input|Payload|Form))\s*\{[^}]*:\s*(?:Option<)?String",
        r"validate\(|Validate|max_len|len\(\)",
    ),
    review(
        Practice::OutboundTimeout,
        SCRIPT,
        r"(?P<what>\b(?:requestPromise|rp|requestAsync|superagent|undici\.(?:fetch|request)|nodeFetch|phin|wretch)(?:\.\w+)?\()",
        r"(?i)timeout|AbortSignal|AbortController",
        "`{}` has no timeout",
    ),
];
