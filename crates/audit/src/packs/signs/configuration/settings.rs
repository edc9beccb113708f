//! Values in settings files and defaults: credentials, addresses of this host, encryption that is
//! off, limits that are literals.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

/// Settings that no grammar reads.
const PLAIN: &[&str] = &[".ini", ".cfg", ".conf", ".toml"];
const YAML: &[&str] = &[".yml", ".yaml"];
const JSON: &[&str] = &[
    "config.json",
    "settings.json",
    "appsettings.json",
    "default.json",
    "production.json",
];
const CODE: &[&str] = &[
    ".go", ".ts", ".js", ".mjs", ".py", ".java", ".kt", ".cs", ".php", ".rb", ".rs",
];
const LITERAL: &str = "`{}` has a literal value in a file of the repository";
const LOCAL: &str = "the value of `{}` is this host";
const OFF: &str = "`{}` turns encryption off";
const FIXED: &str = "`{}` is a literal, which no environment replaces";

const fn secret(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::SettingCredential, files, pattern, "", LITERAL)
}

const fn local(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::LocalAddress, files, pattern, "", LOCAL)
}

const fn off(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::Encryption, files, pattern, unless, OFF)
}

const fn fixed(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::LiteralSetting, files, pattern, unless, FIXED)
}

// A value with a colon is a reference, such as `file:/run/secrets/key`.
pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LogLevel,
        &[
            "log4j.properties",
            "log4j2.properties",
            "logback.properties",
        ],
        r"(?m)^(?P<what>(?:log4j\.)?(?:rootLogger|logger\.[\w.$]+?)(?:\.level)?\s*=\s*(?:TRACE|DEBUG))\b",
        "",
        "`{}` logs details in every environment",
    ),
    review(
        Practice::LocalAddress,
        &[".env.production", ".env.prod", "production.env", "prod.env"],
        r"(?m)^(?P<what>\w*(?:URL|URI|HOST|HOSTNAME|ADDR\w*|ORIGIN|ENDPOINT|BROKERS?)\s*=\s*[\x22']?(?:\w+://)?(?:localhost|127\.0\.0\.1))\b",
        "",
        "production uses an address of its own machine (`{}`)",
    ),
    secret(
        PLAIN,
        r#"(?im)^[ \t]*(?P<what>[\w.\-]*(?:secret|jwt_?key|api_?key|signing_?key|token_?key|password|passwd|pwd))[ \t]*=[ \t]*["']?[^\s"'#;$\{<\[(%:]{3,}["']?[ \t\r]*(?:[#;]|$)"#,
    ),
    secret(
        PLAIN,
        r"(?im)^[ \t]*(?P<what>[\w.\-]*(?:password|passwd|pwd))[ \t]*=[ \t]*$",
    ),
    secret(
        YAML,
        r#"(?im)^[ \t]*\w*(?:auth|jwt|token|session|cookie|csrf)\w*:[ \t]*\n(?:[ \t]+[\w\-]+:[^\n]*\n){0,4}?[ \t]+(?P<what>(?:key|secret|access_?secret|signing_?key|secret_?key|access_?key)):[ \t]*["']?[^\s"'$#\{<:]{4,}["']?[ \t\r]*(?:#|$)"#,
    ),
    secret(
        YAML,
        r#"(?m)^[ \t]*(?P<what>(?:JwtSecretKey|jwt_?[sS]ecret|JWT_?[sS]ecret|[pP]ostgresqlPassword|MinioSecretKey|SecretKey|secretKey|AccessSecret)):[ \t]*["']?[^\s"'$#\{<:]{4,}["']?[ \t\r]*(?:#|$)"#,
    ),
    secret(
        JSON,
        r#"(?i)"(?P<what>[\w.:\-]*(?:secret|jwt_?key|signing_?key|password|api_?key)[\w]*)"\s*:\s*"[^"\s$\{<%:]{3,}""#,
    ),
    secret(
        JSON,
        r#"(?i)"(?P<what>[\w.\-]+)"\s*:\s*"[^"\n]*(?:Password|Pwd)=[^;"$\{]+"#,
    ),
    secret(
        GO,
        r#"(?i)\bconst\b[^=]*?(?P<what>\w*(?:salt|secret|signing_?key|jwt_?key|csrf_?key|hmac)\w*)[ \t]*=[ \t]*"[^"\s]{6,}""#,
    ),
    secret(
        &[
            ".go", ".ts", ".js", ".java", ".kt", ".cs", ".py", ".rb", ".php",
        ],
        r#"(?im)^[ \t]*(?:var|const|let|private|public|protected|static|final|readonly|val|string|String|export|def|\s)*\$?(?P<what>\w*(?:jwt_?secret|secret_?key|signing_?key|jwt_?key|csrf_?salt|hmac_?(?:key|secret)|token_?secret|api_?secret|encryption_?key|hmacSampleSecret))\b(?:\s*:\s*\w+)?\s*:?=\s*(?:\[\]byte\(|b)?["'][^"'\s$\{<]{4,}["']"#,
    ),
    secret(
        &[".sql"],
        r"(?i)(?P<what>insert\s+into\s+\W?\w*(?:user|auth|account|admin|login)\w*)[^;]*(?:pass|admin@|'admin'|\$2[aby]\$)",
    ),
    review(
        Practice::UncheckedSecret,
        &[".php"],
        r"(?P<what>env\(\s*'\w*(?:PASSWORD|SECRET|KEY)\w*'\s*,\s*''\s*\))",
        "",
        "`{}` is empty if the environment lacks the variable",
    ),
    review(
        Practice::UncheckedSecret,
        CODE,
        r#"(?m)^\s*(?:pub\s+)?(?P<what>(?:\w*_)?(?:secret_key|jwt_secret|hmac_key|signing_key|token_secret|secret))\s*:\s*(?:SecretStr|String|str)\s*(?:,|$|=\s*Field\(\s*\.\.\.\s*\))"#,
        r"min_length|min\(|len\(\)|validator|MIN_",
        "`{}` may be empty or one letter long, and no code checks it",
    ),
    review(
        Practice::UncheckedSecret,
        GO,
        r#"(?m)^\s*(?P<what>\w*(?:Secret|SigningKey|JwtKey|JWTKey|SecretKey)\w*)\s+(?:string|\[\]byte)\s*(?:`[^`\n]*`)?\s*$"#,
        r"min=|len\(|required",
        "`{}` may be empty, and the file does not check it",
    )
    .guess(),
    review(
        Practice::UncheckedSecret,
        SCRIPT,
        r"(?P<what>\w*(?:SECRET|_KEY)\w*)\s*:\s*(?:z\.string\(\)|Joi\.string\(\)(?:\.required\(\))?)\s*[,\n]",
        "",
        "`{}` may be one letter long",
    ),
    local(
        PLAIN,
        r#"(?im)^[ \t]*(?P<what>\w*(?:host|addr|address|url|uri|endpoint|dsn|broker)\w*)[ \t]*=[ \t]*["']?(?:\w+://)?(?:[^@\s"']*@)?(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        &[".properties"],
        r"(?im)^[ \t]*(?P<what>(?:spring|app|service|services|kafka|redis|\w+)\.[\w.\-]*(?:host|url|uri|servers|addresses|bootstrap-servers))[ \t]*=[ \t]*(?:\w+:)*(?://)?(?:localhost|127\.0\.0\.1)",
    ),
    local(
        JSON,
        r#"(?i)"(?P<what>[\w.:\-]+)"\s*:\s*"[^"\n]*(?:localhost|127\.0\.0\.1|\(local\)|\(localdb\)|Server=\.;)"#,
    ),
    local(
        GO,
        r#"SetDefault\(\s*"(?P<what>[\w.]+)"\s*,\s*"[^"\n]*(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        GO,
        r#"`[^`\n]*\b(?:env|envconfig|mapstructure|json|yaml|koanf):"(?P<what>\w*)[^`\n]*(?:default|envDefault):"[^"\n]*(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        GO,
        r#"(?i)(?:getenv|env|lookup)\w*\(\s*"(?P<what>\w*(?:host|url|uri|addr|broker|dsn|endpoint)\w*)"\s*,\s*"[^"\n]*(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        &[".php"],
        r"env\(\s*'(?P<what>\w*(?:HOST|URL|URI|ENDPOINT)\w*)'\s*,\s*'[^'\n]*(?:localhost|127\.0\.0\.1)",
    ),
    local(
        &[".rb", ".yml"],
        r#"ENV(?:\.fetch\(|\[)\s*["'](?P<what>\w+)["']\s*(?:,|\)\s*\{|\]\s*\|\|)\s*["'][^"'\n]*(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        &[".java", ".kt", ".yml", ".yaml", ".properties"],
        r"\$\{(?P<what>\w*(?:HOST|URL|URI|ADDR|BROKER|SERVERS)\w*):[^}\n]*(?:localhost|127\.0\.0\.1)",
    ),
    local(
        PYTHON,
        r#"(?m)^\s+(?P<what>\w*(?:host|url|uri|dsn|broker|server)\w*)\s*:\s*\w+\s*=\s*["'][^"'\n]*(?:localhost|127\.0\.0\.1)"#,
    ),
    local(
        &[".cs"],
        r#"\?\?\s*"(?P<what>[^"\n]*(?:localhost|127\.0\.0\.1)[^"\n]*)""#,
    ),
    off(
        CODE,
        r#"(?P<what>sslmode[= ]disable|[?&]useSSL=false|[?&]tls=false|TrustServerCertificate=[tT]rue|Encrypt=[fF]alse)"#,
        "",
    ),
    off(
        &[
            ".ini",
            ".cfg",
            ".toml",
            ".properties",
            ".env",
            ".yaml",
            ".yml",
            "appsettings.json",
        ],
        r#"(?P<what>sslmode=disable|[?&]useSSL=false|TrustServerCertificate=[tT]rue|Encrypt=[fF]alse)"#,
        "(?m)^services:",
    ),
    off(
        &[
            ".ini",
            ".cfg",
            ".toml",
            ".properties",
            ".env",
            ".yaml",
            ".yml",
        ],
        r#"(?im)^[ \t]*["']?(?P<what>(?:[\w.\-]*(?:use_?ssl|use_?tls|ssl_?enabled?|tls_?enabled?|enable_?tls|enable_?ssl|ssl_?mode|cookie_?secure|secure_?cookie)|(?:[\w\-]+\.)*tls_?verify)["']?[ \t]*[=:][ \t]*["']?(?:false|disabled?|off|no|0))\b"#,
        "(?m)^services:",
    ),
    off(
        &[".php"],
        r"(?P<what>'secure'\s*=>\s*(?:env\('\w+'\s*,\s*)?false)",
        "",
    ),
    off(
        &["environments/production.rb"],
        r"(?P<what>Rails\.application\.configure do)",
        r"(?m)^\s*config\.force_ssl\s*=\s*true",
    ),
    off(
        SCRIPT,
        r"(?P<what>\bssl:\s*false\b|rejectUnauthorized:\s*false)",
        "",
    ),
    off(
        SCRIPT,
        r"(?P<what>\b(?:res|response|reply|ctx)\.(?:cookie|setCookie)\()",
        r"secure\s*:",
    ),
    off(
        SCRIPT,
        r"(?P<what>\bcookie\s*:\s*\{[^{}]*httpOnly[^{}]*\})",
        r"secure\s*:",
    ),
    off(
        GO,
        r"(?P<what>\bSecure:\s*false\b|\bUseSSL:\s*false\b|InsecureSkipVerify:\s*true|\.SetCookie\([^\n]*,\s*false\s*,\s*(?:true|false)\s*\))",
        "",
    ),
    fixed(GO, r"\.(?P<what>SetMax(?:Open|Idle)Conns\(\s*\d+\s*\))", ""),
    fixed(
        &[".rs"],
        r"\.(?P<what>(?:max_connections|max_size|pool_size)\(\s*\d+\s*\))",
        r"env::var|unwrap_or\(",
    ),
    fixed(
        &[".rs"],
        r#"(?P<what>(?:bind|from_str|TcpListener::bind)\(\s*&?\(?["'](?:0\.0\.0\.0|127\.0\.0\.1|\[::\]):\d+)"#,
        "",
    ),
    fixed(
        PYTHON,
        r"(?P<what>\bpool_size\s*=\s*\d+|\bmax_overflow\s*=\s*\d+|\buvicorn\.run\([^)]*port\s*=\s*\d+|\bapp\.run\([^)]*port\s*=\s*\d+|add_insecure_port\(\s*f?['\x22]\[::\]:\d+)",
        "",
    ),
    fixed(
        JVM,
        r"(?P<what>\b(?:setMaximumPoolSize|setConnectTimeout|setReadTimeout|newFixedThreadPool)\(\s*\d+\s*\))",
        r"@Value|\$\{",
    ),
    fixed(
        &[".properties"],
        r"(?m)^[ \t]*(?P<what>spring\.(?:datasource\.url|kafka\.bootstrap-servers|data\.mongodb\.(?:uri|host)|rabbitmq\.host|redis\.host))[ \t]*=[ \t]*[\w:/.\-]+(?:/\w+)?[ \t]*\r?$",
        "",
    ),
    fixed(
        GO,
        r#"(?P<what>(?:ini|viper|toml|yaml|godotenv)\.(?:Load|ReadFile|DecodeFile|LoadFile|SetConfigFile)\(\s*"[^"\n]+"\s*\)?)"#,
        r"AutomaticEnv|Getenv|LookupEnv|BindEnv",
    ),
    review(
        Practice::LiteralSetting,
        GO,
        r"(?P<what>\.AutomaticEnv\(\))",
        r"SetEnvKeyReplacer|BindEnv",
        "`{}` without a replacer of `.` reads no nested key, so the environment cannot override it",
    ),
];
