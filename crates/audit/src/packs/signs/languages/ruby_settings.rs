//! Ruby: versions, keys of callers, environments, and failures without a log record.

use super::{Practice, RUBY, Sign, review};

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SupportedVersion,
        &["gemfile", ".ruby-version"],
        r#"(?m)^(?:ruby\s+["']|ruby-)?(?P<what>(?:[12]\.\d|3\.[01])\.\d+)["']?\s*$"#,
        "",
        "Ruby `{}` gets no security fixes",
    ),
    review(
        Practice::QueryToken,
        RUBY,
        r"(?P<what>\bparams\[:(?:api_key|token|access_token|auth_token)\])",
        r"(?i)http_header|request\.headers|authenticate_with_http_token",
        "the credential of `{}` is in the URL, and logs of proxies contain it",
    ),
    review(
        Practice::SecretComparison,
        RUBY,
        r"(?P<what>\b(?:params|request\.headers)\[[^\]\n]*(?i:key|token|secret)[^\]\n]*\]\s*[!=]=)",
        r"secure_compare",
        "`{}` compares a secret in variable time",
    ),
    review(
        Practice::EnvironmentDefault,
        RUBY,
        r#"(?P<what>\bENV\.fetch\(\s*["'](?:RAILS_ENV|RACK_ENV|APP_ENV)["'])\s*(?:\)\s*\{|,)\s*["']development"#,
        "",
        "without the variable of `{}…)`, production runs in development mode",
    ),
    review(
        Practice::IgnoredError,
        RUBY,
        r"(?m)^\s*(?P<what>rescue(?:\s+StandardError)?\s*=>\s*\w+)\s*\n\s*(?:response_error|render|render_\w+|json_error|head|status)\b[^\n]*\n\s*end",
        r"(?i)logger|sentry|bugsnag|rollbar|report",
        "no log record has the failure of `{}`",
    ),
];
