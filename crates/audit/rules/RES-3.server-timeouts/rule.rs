//! The HTTP server has no read timeout.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.server-timeouts",
        title: "The HTTP server has no read timeout",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "Go: an `http.Server` without `ReadHeaderTimeout` or `ReadTimeout`, or a server without them (`http.ListenAndServe`, `Run` of Gin, `Start` of Echo 4). Also a disabled limit of Node.js, Spring Boot, Actix Web or go-zero. Low: debug and metrics servers, Kratos, `axum::serve`, Fastify without `requestTimeout`, Gunicorn without `--timeout`.",
        why: "A client that sends one byte per minute holds a connection indefinitely. A few thousand such connections stop the service (Slowloris).",
        fix: &[
            (
                "Go",
                "`&http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 60 * time.Second}` and `server.ListenAndServe()`, with a `WriteTimeout` that suits your streams.",
            ),
            (
                "any",
                "Set timeouts for headers, bodies and idle connections.",
            ),
        ],
        references: &[
            "https://pkg.go.dev/net/http#Server",
            "https://blog.cloudflare.com/the-complete-guide-to-golang-net-http-timeouts/",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::ServerTimeouts)),
};
