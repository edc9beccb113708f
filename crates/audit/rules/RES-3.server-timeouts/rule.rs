//! An HTTP server that waits for ever for headers.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.server-timeouts",
        title: "The HTTP server has no time limit for reading a request",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "Go: an `http.Server` without `ReadHeaderTimeout` or `ReadTimeout`, `http.ListenAndServe`, `Run` of Gin or `Start` of Echo 4, which have none; a server for debugging or metrics is low, and Kratos, whose handlers are bounded. A limit of Node.js, Spring Boot, Actix Web or go-zero that is switched off. Low: `axum::serve`, Fastify without `requestTimeout`, Gunicorn without `--timeout`.",
        why: "A client that sends one byte a minute holds a connection and a goroutine for ever; some thousands of them stop the service (Slowloris).",
        fix: &[
            (
                "Go",
                "`&http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 60 * time.Second}` and `server.ListenAndServe()`; mind `WriteTimeout` for streams.",
            ),
            (
                "any",
                "Set the time limits for headers, bodies and idle connections.",
            ),
        ],
        references: &[
            "https://pkg.go.dev/net/http#Server",
            "https://blog.cloudflare.com/the-complete-guide-to-golang-net-http-timeouts/",
        ],
    },
    check: Check::Service(|_, service| observed(service, Topic::ServerTimeouts)),
};
