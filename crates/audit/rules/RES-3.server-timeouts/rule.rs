//! An HTTP server that waits for ever for headers.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.server-timeouts",
        title: "The HTTP server has no time limit for reading a request",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "Go: an `http.Server` without `ReadHeaderTimeout` or `ReadTimeout`, or `http.ListenAndServe`, which has none. A server for debugging or metrics is low. Node.js (60 s for headers since 18) and frameworks with limits of their own are left out.",
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
