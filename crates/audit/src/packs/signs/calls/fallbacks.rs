//! Fallbacks: what a service uses when a setting or a dependency is missing.

use super::{PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const LOCAL: &str = "without a setting, the dependency is expected on this host";
const EMPTY: &str = "the failure is logged with `{}`, and the service runs without the dependency";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SilentNull,
        &[".rs"],
        r"Err\(\w+\)\s*=>\s*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*?(?P<what>\b(?:tracing::|log::)?(?:error|warn)!)\((?:[^;{}]|\{\})*?(?i:fall(?:ing)?[ -]back|disabled|continuing without|not available|skipping)[^;]*\);\s*None\s*\}",
        "",
        EMPTY,
    ),
    review(
        Practice::SilentNull,
        &[".rs"],
        r"else\s*\{\s*(?P<what>(?:tracing::|log::)?(?:error|warn)!)\([^;]*(?i:enabled but|requested but|not available|not configured)[^;]*\);\s*(?:None|Arc::new\([^;}]*\)|Box::new\([^;}]*\))\s*\}",
        "",
        EMPTY,
    ),
    review(
        Practice::SilentNull,
        &[".ts", ".js", ".py", ".go", ".java", ".kt", ".cs"],
        r"(?P<what>\b(?:console|_?[lL]og\w*|this\.\w*[lL]ogger)\.\w+)\([^;\n]*(?i:fall(?:ing|s)?[ -]back to (?:an? )?(?:in-?)?memory)",
        "",
        EMPTY,
    ),
    review(
        Practice::LocalAddress,
        &[".rs"],
        r#"fn default_\w*(?:url|uri|host|addr\w*|endpoint|brokers?|dsn)\w*\(\)\s*->\s*String\s*\{\s*(?P<what>"(?:\w+://)?(?:[^"@\n]*@)?(?:localhost|127\.0\.0\.1)[^"\n]*")"#,
        "",
        LOCAL,
    ),
    review(
        Practice::LocalAddress,
        &[".rs"],
        r#"\.set_default\(\s*"[^"\n]*(?:url|uri|addr\w*|endpoint|brokers?|dsn)"\s*,\s*(?P<what>"[^"\n]*(?:localhost|127\.0\.0\.1)[^"\n]*")"#,
        "",
        LOCAL,
    ),
    review(
        Practice::LocalAddress,
        SCRIPT,
        r"process\.env\.\w+\s*(?:\|\||\?\?)\s*(?P<what>`\w+://(?:localhost|127\.0\.0\.1)[^`\n]*`)",
        "",
        LOCAL,
    ),
    review(
        Practice::LiteralSetting,
        SCRIPT,
        r"\b(?:enableCors|cors)\(\s*\{[^}]*?(?P<what>\borigin)\s*:\s*\[?\s*['\x22`]https?://(?:localhost|127\.0\.0\.1)",
        "",
        "the allowed origin is a literal on localhost, so no other page can call the service",
    ),
    review(
        Practice::ConditionalLimit,
        &[".rs", ".ts", ".js", ".py", ".go", ".env.example"],
        r#"(?P<what>\b(?i:rate_?limit\w*[._]enabled)["']?\s*(?:,|:|=|\|\||\?\?)\s*(?:default\s*=\s*)?["']?(?:false|False|FALSE))\b"#,
        "",
        "`{}`: without a setting, no limit applies in any environment",
    ),
    review(
        Practice::EnvironmentDefault,
        &[".rs"],
        r#"(?P<what>\benv::var\(\s*"(?:RUN_MODE|RUN_ENV|APP_ENV|APP_ENVIRONMENT|ENVIRONMENT|RUST_ENV|ENV)"\s*\)\s*\.unwrap_or\w*\()\s*(?:\|_\|\s*)?"(?i:dev|development|local)""#,
        "",
        "without the variable of `{}…)`, production runs with the settings of development",
    ),
    review(
        Practice::EnvironmentDefault,
        PYTHON,
        r#"else:\s*\n(?:\s*#[^\n]*\n)*\s*(?P<what>load_dotenv\(\s*["'][^"'\n]*(?:dev|local)\w*["'])"#,
        "",
        "an unknown or missing environment loads the settings of development with `{}`)",
    ),
    review(
        Practice::EnvironmentDefault,
        PYTHON,
        r#"(?P<what>(?:getenv|environ\.get)\(\s*["'](?:APP_ENV|ENVIRONMENT|ENV|APP_ENVIRONMENT|PYTHON_ENV|FLASK_ENV)["']\s*,\s*)["'](?i:dev|development|local)["']"#,
        "",
        "without the variable of `{}…)`, production runs with the settings of development",
    ),
    review(
        Practice::UncheckedSecret,
        PYTHON,
        r#"(?m)^\s*return (?P<what>os\.(?:environ\.get|getenv)\(\s*["']\w*(?:SECRET|PRIVATE|SIGNING)\w*["'])\s*\)\s*$"#,
        "",
        "the first request, and not the start, finds out that `{}` is missing",
    ),
    review(
        Practice::CodeCredential,
        SCRIPT,
        r"(?P<what>\bsecretOrKey)\s*:\s*['\x22`][^'\x22`\n$]+['\x22`]",
        "",
        "`{}` is a literal, so every reader of the code can sign tokens",
    ),
    review(
        Practice::CodeCredential,
        &[".cs"],
        r"(?P<what>\b\w*[cC]onfig\w*\[\s*\x22[^\x22\n]*(?i:secret|password|apikey|api_key|signingkey)[^\x22\n]*\x22\s*\])\s*\?\?\s*\x22[^\x22\n]+\x22",
        "",
        "a literal replaces the missing secret `{}`",
    ),
    review(
        Practice::EnvironmentDefault,
        &[".go", ".ts", ".js", ".py"],
        r#"(?i)(?:get_?env\w*\(\s*["']\w+["']\s*,|environ\.get\(\s*["']\w+["']\s*,|process\.env\.\w+\s*(?:\|\||\?\?))\s*["'](?P<what>simulated?|mock(?:ed)?|fake|dummy|stub|noop|sandbox)["']"#,
        "",
        "without the setting the service runs with `{}` instead of the real implementation",
    ),
];
