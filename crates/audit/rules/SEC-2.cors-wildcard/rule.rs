//! The CORS policy allows every origin.

mod credentials;

use std::cell::LazyCell;
use std::collections::BTreeSet;

use self::credentials::Callers;
use crate::model::facts::{Cors, CorsOrigins};
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-2.cors-wildcard",
        title: "The CORS policy allows every origin",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "The CORS policy allows a literal `*` (medium, because browsers reject it together with credentials), or reflects the request origin together with credentials (high). Low for a `*` without credentials if the service uses no cookie, session, basic authentication or client certificate. A service for administrators that checks no token stays medium. Low confidence for a `*` that replaces a missing setting.",
        why: "With credentials, any web page that a signed-in user opens can act for the user. Without credentials, any page can read responses inside the user's network.",
        fix: &[
            (
                "JavaScript",
                "List the origins: `cors({ origin: [\"https://app.example.com\"], credentials: true })`, and read them from a setting per environment.",
            ),
            (
                "TypeScript",
                "List the origins: `cors({ origin: [\"https://app.example.com\"], credentials: true })`, and read them from a setting per environment.",
            ),
            (
                "Go",
                "List the origins: `cors.Config{AllowOrigins: []string{\"https://app.example.com\"}}`, and read them from a setting per environment.",
            ),
            (
                "Python",
                "List the origins: `allow_origins=[\"https://app.example.com\"]`, and read them from a setting per environment.",
            ),
            (
                "any",
                "List your own origins per environment. Make startup fail in production if the list is empty.",
            ),
        ],
        references: &[
            "https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS",
            "https://fetch.spec.whatwg.org/#cors-protocol-and-credentials",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut reported = BTreeSet::new();
    let callers = LazyCell::new(|| Callers::of(model, service));
    service
        .facts
        .of::<Cors>()
        .deployed()
        // The same policy for requests and for preflight requests is one policy.
        .filter(|policy| {
            reported.insert((
                policy.at.path.clone(),
                policy.library,
                format!("{:?} {:?}", policy.origins, policy.credentials),
            ))
        })
        .map(|policy| {
            let with_credentials = policy.credentials == Resolution::Known(true);
            let breach = |confidence, evidence: &str| {
                Breach::new(
                    policy.at.clone(),
                    confidence,
                    format!("{}: {evidence}", policy.library),
                )
            };
            match &policy.origins {
                Resolution::Known(CorsOrigins::Reflected) if with_credentials => breach(
                    Confidence::High,
                    "the request origin is reflected, and credentials are allowed",
                )
                .severity(Severity::High)
                .into(),
                Resolution::Known(CorsOrigins::Reflected) => {
                    breach(Confidence::Medium, "the request origin is reflected").into()
                }
                Resolution::Known(CorsOrigins::Any) if callers.can_read(policy) => breach(
                    Confidence::High,
                    "every origin is allowed, without credentials of the browser",
                )
                .severity(Severity::Low)
                .into(),
                Resolution::Known(CorsOrigins::Any) => {
                    breach(Confidence::High, "every origin is allowed").into()
                }
                Resolution::Known(CorsOrigins::AnyWithoutSetting) => breach(
                    Confidence::Low,
                    "every origin is allowed if the setting is missing",
                )
                .into(),
                Resolution::Known(CorsOrigins::List(origins)) => Outcome::passed(
                    format!("{} origins are listed", origins.len()),
                    Some(&policy.at),
                ),
                Resolution::Absent => Outcome::passed("no origin is allowed", Some(&policy.at)),
                Resolution::Unknown(reason) => {
                    Outcome::unknown(format!("{}:{}: {reason}", policy.at.path, policy.at.line))
                }
            }
        })
        .collect()
}
