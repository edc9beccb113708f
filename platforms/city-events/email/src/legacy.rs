use seaworthy::config::LegacyVariable;

/// The variables of the legacy mail service.
pub(crate) const VARIABLES: [LegacyVariable; 32] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LegacyVariable::sets("LOG_FORMAT", "log.format"),
    LegacyVariable::sets("EMAIL_WEB_ADDR", "server.http.addr"),
    LegacyVariable::sets("RABBIT_URL", "broker.url"),
    LegacyVariable::sets("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::rejected("RABBIT_QUEUE", "remove it: the queue is city-events.email"),
    LegacyVariable::rejected(
        "RABBIT_BIND_KEYS",
        "remove it: the topics are fixed. Set notify_owners to also handle event.canceled and event.unpublished",
    ),
    LegacyVariable::sets("RABBIT_PREFETCH", "broker.defaults.prefetch"),
    LegacyVariable::rejected(
        "RABBIT_CONSUMER_TAG",
        "remove it: consumers get their tags from the broker",
    ),
    LegacyVariable::sets("SHUTDOWN_WAIT", "lifecycle.consumer_timeout"),
    LegacyVariable::rejected(
        "EMAIL_SENDER",
        "remove it: mail.url selects the mail server. Without it, mails stay in a mailbox",
    ),
    LegacyVariable::rejected(
        "SMTP_HOST",
        "set mail.url to smtp://USERNAME@HOST:PORT, or to smtps://USERNAME@HOST for TLS from the start",
    ),
    LegacyVariable::rejected(
        "SMTP_PORT",
        "set mail.url to smtp://USERNAME@HOST:PORT, or to smtps://USERNAME@HOST for TLS from the start",
    ),
    LegacyVariable::rejected(
        "SMTP_USERNAME",
        "set mail.url to smtp://USERNAME@HOST:PORT, or to smtps://USERNAME@HOST for TLS from the start",
    ),
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
