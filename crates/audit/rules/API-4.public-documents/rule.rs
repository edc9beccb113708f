//! The API documentation is public.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-4.public-documents",
        title: "The API documentation is public",
        severity: Severity::Low,
        category: Category::Contracts,
        meaning: "The code serves Swagger UI, an OpenAPI document or gRPC reflection without a condition. Or Spring Security permits its paths to all callers.",
        why: "Attackers get the list of all routes and fields, and a page to call them from.",
        fix: &[(
            "any",
            "Serve the documents in development only, or on the admin listener.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::ApiDocs)),
};
