//! Modes for development and levels of logs that are delivered.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

/// Settings of programs, without compose files and manifests.
const SETTINGS: &[&str] = &[
    ".ini",
    ".cfg",
    ".toml",
    ".properties",
    ".env",
    "config.yaml",
    "config.yml",
    "settings.yaml",
    "settings.yml",
    "settings.json",
    "config.json",
    "appsettings.json",
    "production.json",
    "default.json",
    "application.yml",
    "application.yaml",
    "app.yaml",
    "app.yml",
    "data.yaml",
    "server.yaml",
    "transport.yaml",
    "prod.yaml",
    "prod.yml",
    "docker.yml",
    "docker.yaml",
    "production.yaml",
    "production.yml",
    "local.yaml",
    "local.yml",
];
const YAML: &[&str] = &[".yml", ".yaml"];
const CODE: &[&str] = &[
    ".go", ".ts", ".js", ".mjs", ".py", ".java", ".kt", ".cs", ".php", ".rb", ".rs",
];
const DEBUG: &str = "`{}` is a development mode";
const LEVEL: &str = "`{}` is the deployed log level";

const fn debug(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::DebugMode, files, pattern, unless, DEBUG)
}

const fn level(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::LogLevel, files, pattern, unless, LEVEL)
}

pub(super) const SIGNS: &[Sign] = &[
    debug(
        &[".ini", ".cfg", ".toml", ".conf"],
        r#"(?im)^[ \t]*(?P<what>\w*(?:run_?mode|app_?mode|gin_?mode|app_?env|environment|debug)[ \t]*=[ \t]*["']?(?:debug|dev|development|true|local))\b"#,
        "",
    ),
    debug(
        SETTINGS,
        r#"(?im)^[ \t]*["']?(?P<what>(?:run_?mode|mode|app_?mode|gin_?mode|app_?env|environment|env|debug|development|node_env)["']?[ \t]*[=:][ \t]*["']?(?:debug|dev|development|true|local))\b"#,
        "(?m)^services:",
    ),
    debug(
        YAML,
        r#"(?m)^[ \t]*(?:-[ \t]*)?["']?(?P<what>(?:NODE_ENV|GO_ENV|APP_ENV|RAILS_ENV|FLASK_ENV|GIN_MODE|ASPNETCORE_ENVIRONMENT|DJANGO_DEBUG|DEBUG|APP_DEBUG|FLASK_DEBUG)(?:[=:])[ \t]*["']?(?:dev\w*|[dD]ebug|local|Development|true|True|1))\b"#,
        "",
    ),
    debug(
        &["dockerfile", ".dockerfile"],
        r"(?m)^ENV\s+(?P<what>(?:NODE_ENV|GO_ENV|APP_ENV|RAILS_ENV|FLASK_ENV|GIN_MODE|ASPNETCORE_ENVIRONMENT|FLASK_DEBUG|DEBUG)[ =](?:dev\w*|debug|Development|true|1))\b",
        "",
    ),
    debug(
        SCRIPT,
        r"(?m)^\s*(?P<what>debug:\s*true)\b",
        r"debug:\s*\w+\.\w+|isDev",
    ),
    debug(
        GO,
        r#"SetDefault\(\s*"(?P<what>[\w.]*(?:debug|mode|env)"\s*,\s*(?:true|"(?:debug|dev\w*)"))"#,
        "",
    ),
    debug(
        GO,
        r"(?P<what>gin\.SetMode\(gin\.DebugMode\)|\b(?:e|app|engine|echo)\.Debug\s*=\s*true)",
        "",
    ),
    debug(
        GO,
        r#"(?P<what>SetConfigName\(\s*"(?:dev|development|local)")"#,
        "",
    ),
    debug(
        &[".php"],
        r"(?P<what>'debug'\s*=>\s*(?:env\('\w+'\s*,\s*)?true|display_errors'?\s*[,=]\s*['\x22]?(?:1|[oO]n))",
        "",
    ),
    level(
        &["environments/production.rb"],
        r"(?m)^\s*(?P<what>config\.log_level\s*=\s*:debug)",
        "",
    ),
    level(
        &[".php"],
        r"(?P<what>env\(\s*'\w*LOG_LEVEL'\s*,\s*'debug'\s*\))",
        "",
    ),
    level(
        CODE,
        r#"(?i)(?P<what>(?:SetDefault\(\s*["'][\w.]*log[\w.]*level["']\s*,|(?:getenv|env)\w*\(\s*["']\w*log_?level\w*["']\s*,|environ\.get\(\s*["']\w*log_?level\w*["']\s*,)\s*["'](?:debug|trace|silly|error|fatal)["'])"#,
        "",
    ),
    level(
        GO,
        r"(?P<what>(?:SetLevel|\.Level\()\s*\(?(?:\w+\.)?(?:DebugLevel|TraceLevel)|zap\.NewDevelopment(?:Config)?\(|LevelDebug\b)",
        r"(?i)if .*(?:debug|dev|level|env|verbose|flag)|case ",
    ),
    level(
        PYTHON,
        r#"(?P<what>basicConfig\([^)]*level\s*=\s*logging\.DEBUG|setLevel\(\s*(?:logging\.DEBUG|["']DEBUG["'])|log_?level\w*\s*(?::\s*\w+)?\s*=\s*(?:logging\.DEBUG|["']DEBUG["']))"#,
        "",
    ),
    level(
        SCRIPT,
        r"(?P<what>\blevel\s*:\s*['\x22](?:debug|trace|silly|verbose|error)['\x22])",
        r"NODE_ENV|process\.env",
    ),
    level(
        SETTINGS,
        r#"(?im)^[ \t]*["']?(?P<what>(?:log_?level|logger_?level|level|loglevel)["']?[ \t]*[=:][ \t]*["']?(?:debug|trace|error|fatal))\b"#,
        "(?m)^services:",
    ),
    level(
        &[".properties"],
        r"(?im)^[ \t]*(?P<what>logging\.level\.[\w.]+[ \t]*[=:][ \t]*(?:debug|trace))\b",
        "",
    ),
    level(
        &["application.yml", "application.yaml"],
        r"(?im)^[ \t]*level:[ \t]*\n(?:[ \t]+[^\n]*\n){0,4}?[ \t]+(?P<what>[\x22']?[\w.]+[\x22']?:[ \t]*(?:debug|trace))\b",
        "",
    ),
    level(
        &["appsettings.json"],
        r#"(?P<what>"(?:Default|MinimumLevel)"\s*:\s*"(?:Debug|Trace|Verbose)")"#,
        "",
    ),
    level(
        &[".xml"],
        r#"(?i)(?P<what><root level="(?:debug|trace)")"#,
        "",
    ),
];
