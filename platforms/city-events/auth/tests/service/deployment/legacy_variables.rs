use super::show_config;

#[test]
fn legacy_variables_are_read_conf_1() {
    let given = [
        ("HTTP_ADDR", ":8087", "server.http.addr", "\":8087\""),
        (
            "HTTP_READ_TIMEOUT",
            "11s",
            "server.http.limits.head.timeout",
            "\"11s\"",
        ),
        (
            "HTTP_WRITE_TIMEOUT",
            "31s",
            "server.http.timeout",
            "\"31s\"",
        ),
        (
            "HTTP_IDLE_TIMEOUT",
            "2m",
            "server.http.limits.connections.idle_timeout",
            "\"2m\"",
        ),
        (
            "DB_ADDR",
            "postgres://auth@db.example/auth",
            "database.url",
            "\"postgres://auth@db.example/auth\"",
        ),
        (
            "RABBIT_URL",
            "amqp://auth@mq.example/city",
            "broker.url",
            "\"amqp://auth@mq.example/city\"",
        ),
        (
            "RABBIT_EXCHANGE",
            "cityevents",
            "broker.rabbitmq.exchange",
            "\"cityevents\"",
        ),
        (
            "JWT_SECRET",
            "a signing key that only this test uses",
            "jwt.secret",
            "\"***\"",
        ),
        (
            "JWT_ISSUER",
            "auth-service",
            "jwt.issuer",
            "\"auth-service\"",
        ),
        (
            "INTERNAL_SECRET_KEY",
            "an internal secret of this test",
            "internal_secret",
            "\"***\"",
        ),
        ("ACCESS_TOKEN_TTL", "16m", "access_token_ttl", "\"16m\""),
        (
            "REFRESH_TOKEN_TTL",
            "167h",
            "sessions.idle_timeout",
            "\"167h\"",
        ),
        (
            "VERIFY_EMAIL_BASE_URL",
            "https://e.example/v?token=",
            "verify_email.base_url",
            "\"https://e.example/v?token=\"",
        ),
        (
            "VERIFY_EMAIL_TOKEN_TTL",
            "23h",
            "verify_email.ttl",
            "\"23h\"",
        ),
        (
            "PASSWORD_RESET_BASE_URL",
            "https://e.example/r?token=",
            "password_reset.base_url",
            "\"https://e.example/r?token=\"",
        ),
        (
            "PASSWORD_RESET_TOKEN_TTL",
            "29m",
            "password_reset.ttl",
            "\"29m\"",
        ),
        (
            "GOOGLE_CLIENT_ID",
            "city-events",
            "oauth.google.client_id",
            "\"city-events\"",
        ),
        (
            "GOOGLE_CLIENT_SECRET",
            "a third secret",
            "oauth.google.client_secret",
            "\"***\"",
        ),
        ("OAUTH_STATE_TTL", "9m", "oauth.state_ttl", "\"9m\""),
        (
            "OAUTH_CALLBACK_URL",
            "https://e.example/c",
            "oauth.callback_url",
            "\"https://e.example/c\"",
        ),
        (
            "FRONTEND_ORIGIN",
            "https://e.example",
            "oauth.frontend_origin",
            "\"https://e.example\"",
        ),
        (
            "FRONTEND_ORIGIN",
            "https://e.example",
            "server.http.cors.allowed_origins[0]",
            "\"https://e.example\"",
        ),
        ("LOG_FORMAT", "console", "log.format", "\"text\""),
        (
            "ALLOWED_REDIRECTS",
            "/,/me",
            "oauth.allowed_redirects[1]",
            "\"/me\"",
        ),
        (
            "CDN_BASE_URL",
            "https://cdn.example",
            "cdn_base_url",
            "\"https://cdn.example\"",
        ),
    ];
    let environment = given.map(|(name, value, _, _)| (name, value));
    let lines = show_config(&[], &environment);
    for (name, _, key, value) in given {
        let line = lines
            .iter()
            .find(|line| line.starts_with(&format!("{key} = ")));
        let line = line.unwrap_or_else(|| panic!("{name}: {lines:#?}"));
        assert!(
            line.starts_with(&format!("{key} = {value}")),
            "{name}: {line}"
        );
        assert!(line.contains(name), "{name}: {line}");
    }
}
