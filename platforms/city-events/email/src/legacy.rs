use city_events_contract::LOG_FORMAT;
use seaworthy::config::LegacyVariable;

/// The variables of the legacy mail service.
pub(crate) const VARIABLES: [LegacyVariable; 32] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LOG_FORMAT,
    LegacyVariable::sets("EMAIL_WEB_ADDR", "server.http.addr"),
    LegacyVariable::sets("RABBIT_URL", "broker.url"),
    LegacyVariable::sets("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::rejected("RABBIT_QUEUE", "remove it: the queue is city-events.email"),
    // The topics are fixed. Only the bindings for mails to owners map to a setting.
    LegacyVariable::maps(
        "RABBIT_BIND_KEYS",
        "notify_owners",
        &[
            ("auth.email.#,auth.password.#,email.#", Some("false")),
            (
                "auth.email.#,auth.password.#,email.#,event.canceled,event.unpublished",
                Some("true"),
            ),
        ],
    ),
    LegacyVariable::sets("RABBIT_PREFETCH", "broker.defaults.prefetch"),
    LegacyVariable::rejected(
        "RABBIT_CONSUMER_TAG",
        "remove it: consumers get their tags from the broker",
    ),
    LegacyVariable::sets("SHUTDOWN_WAIT", "lifecycle.consumer_timeout"),
    LegacyVariable::sets("EMAIL_SENDER", "sender"),
    LegacyVariable::mail_host("SMTP_HOST", "mail.url", "SMTP_PORT", "SMTP_USERNAME"),
    LegacyVariable::part_of("SMTP_PORT", "SMTP_HOST"),
    LegacyVariable::part_of("SMTP_USERNAME", "SMTP_HOST"),
    LegacyVariable::sets("SMTP_PASSWORD", "mail.password"),
    LegacyVariable::sets("SMTP_FROM", "mail.from"),
    LegacyVariable::sets("SMTP_TIMEOUT", "mail.timeout"),
    LegacyVariable::sets("SMTP_INSECURE", "mail.allow_plaintext"),
    LegacyVariable::rejected(
        "EMAIL_PUBLIC_BASE_URL",
        "set verify_email.base_url and password_reset.base_url of the auth service, which creates the links",
    ),
    LegacyVariable::sets("AUTH_BASE_URL", "auth_url"),
    LegacyVariable::sets("INTERNAL_SECRET_KEY", "internal_secret"),
    LegacyVariable::accepts(
        "REDIS_ENABLED",
        &["true", "1"],
        "remove it: Redis is used if rate_limit.redis.address is set",
    ),
    LegacyVariable::sets("REDIS_ADDR", "rate_limit.redis.address"),
    LegacyVariable::sets("REDIS_DB", "rate_limit.redis.database"),
    LegacyVariable::accepts(
        "EMAIL_IDEMPOTENCY_TTL",
        &["24h", "24h0m0s"],
        "remove it: sent links are remembered for 24 h, notifications for 7 days",
    ),
    LegacyVariable::sets("EMAIL_MAX_ATTEMPTS", "max_attempts"),
    LegacyVariable::sets("RL_ENABLED", "rate_limit.enabled"),
    LegacyVariable::sets("RL_IP_LIMIT", "rate_limit.requests_per_ip"),
    LegacyVariable::accepts(
        "RL_IP_WINDOW",
        &["1m", "60s", "1m0s"],
        "remove it: the window of rate_limit.requests_per_ip is one minute",
    ),
    LegacyVariable::sets("RL_TOKEN_LIMIT", "rate_limit.requests_per_token"),
    LegacyVariable::accepts(
        "RL_TOKEN_WINDOW",
        &["10m", "600s", "10m0s"],
        "remove it: the window of rate_limit.requests_per_token is ten minutes",
    ),
    LegacyVariable::accepts(
        "FAKE_FAIL_MODE",
        &["none"],
        "remove it: the service simulates no failures",
    ),
];
